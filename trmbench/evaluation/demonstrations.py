"""The solved examples that come with a puzzle, for solvers which ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Generator

from trmbench.spec import Answers, Batch, PuzzleTable, Solver, Task
from trmbench.spec.models import takes
from trmbench.spec.puzzles import Pairs

PairsOfRow: TypeAlias = "Callable[[int], Pairs]"
"""The solved examples of a puzzle by its row in the table."""


def pairs_of(task: Task, table: PuzzleTable) -> PairsOfRow:
    """The solved examples of a task's puzzles, by their rows in a table."""
    return lambda row: task.demonstrations(str(table.puzzle_ids[row]))


def shown(solver: Solver, pairs: PairsOfRow) -> Solver:
    """A solver that is handed the demonstrations of its puzzles, if its `predict` takes any.

    Args:
        solver: the solver.
        pairs: the solved examples by `Batch.rows`.
    """
    return _Shown(solver, pairs) if takes(solver.predict, "demonstrations") else solver


class _Shown:
    def __init__(self, solver: Solver, pairs: PairsOfRow) -> None:
        self._predict: Callable[..., Answers] = solver.predict
        self._pairs = pairs

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer a batch, with what is known about it."""
        places = range(len(batch.inputs))
        demonstrations = [_examples(batch, place, self._pairs) for place in places]
        return self._predict(batch, generator, demonstrations)


def _examples(batch: Batch, place: int, pairs: PairsOfRow) -> Batch:
    """The M solved examples of a puzzle, its own question never among them."""
    row, asked = int(batch.rows[place]), batch.inputs[place]
    own = asked.cpu().numpy()
    found = [pair for pair in pairs(row) if not np.array_equal(pair[0], own)]
    tokens = np.array(found, np.int64).reshape(-1, 2, len(own))
    inputs, labels = torch.from_numpy(tokens).to(asked.device).unbind(1)
    one = slice(place, place + 1)
    identifiers, rows = (part[one].expand(len(found)) for part in batch[2:])
    return Batch(inputs, labels, identifiers, rows)
