"""One test puzzle of a stored trial: what was asked and what was answered."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.spec import PuzzleTable, Trial
from trmbench.spec.status import FINISHED
from trmbench.store import Store
from trmbench.store.final import has_final
from trmbench.trial.build import TrialParts
from trmbench.trial.weights import trained_parts


class StoredPuzzle:
    """A puzzle of a finished trial.

    Args:
        store: where the trial is.
        trial: the beginning of its id.
        puzzle: the beginning of the puzzle's id.
        evaluation: the beginning of the evaluation's id; of several the latest counts.

    Raises:
        TrmbenchError: there is no such trial or puzzle, or the task cannot be loaded.
    """

    def __init__(self, store: Store, trial: str, puzzle: str, evaluation: str = "") -> None:
        rows = [row for row in store.find_trial(trial) if row["status"] == FINISHED]
        if not rows:
            raise TrmbenchError(f"trial {trial!r} is not finished", "it has no answers to show")
        names = ", ".join(row["evaluation_id"] for row in rows)
        rows = [row for row in rows if row["evaluation_id"].startswith(evaluation)]
        if not rows:
            raise TrmbenchError(
                f"trial {trial!r} has no evaluation {evaluation!r}", f"it has {names}"
            )
        row = max(rows, key=lambda row: str(row["finished_at"]))
        self.store = store
        self.trial = store.trial_of(row)
        self.parts = TrialParts(self.trial)
        settings = self.parts.evaluation
        self._table = self.parts.task.split(settings.split).select(slice(settings.limit))
        self._pick(puzzle)

    def _pick(self, puzzle: str) -> None:
        self.index = _find(self._table, puzzle, self.trial)
        self.puzzle = self._table.select(slice(self.index, self.index + 1))
        self.id = str(self.puzzle.puzzle_ids[0])
        self.title = f"{self.trial.label}, puzzle {self.id}"

    @cached_property
    def trained(self) -> TrialParts | None:
        """The trial with its final weights; None where there are none."""
        folder = self.store.checkpoints(self.trial.trial_id)
        return trained_parts(self.trial) if has_final(folder) else None

    def another(self, puzzle: str) -> StoredPuzzle:
        """Take another puzzle of the same trial, without loading anything again.

        Raises:
            TrmbenchError: there is no such puzzle.
        """
        found = copy.copy(self)
        found._pick(puzzle)
        return found

    def stored_row(self) -> Mapping[str, Any]:
        """Read the puzzle's row of the puzzles table.

        Raises:
            TrmbenchError: the trial was tested on other puzzles than the task gives today.
        """
        columns = [
            *("puzzle_id", "score", "exact", "valid", "halt_probability", "answer", "abstained"),
            *("candidates", "candidates_right", "distinct_right", "solutions"),
        ]
        table = self.store.read("puzzles", columns, [self.trial.name])
        if len(table) <= self.index or table["puzzle_id"][self.index].as_py() != self.id:
            raise TrmbenchError(
                f"the stored answers of trial {self.trial.trial_id} are to other puzzles",
                "the task's data has changed since; run the trial again",
            )
        row: Mapping[str, Any] = table.slice(self.index, 1).to_pylist()[0]
        return row


def _find(table: PuzzleTable, start: str, trial: Trial) -> int:
    ids = table.puzzle_ids.astype(str)
    found = np.flatnonzero(np.char.startswith(ids, start))
    exact = np.flatnonzero(ids == start)
    if len(exact) or len(found) == 1:
        return int((exact if len(exact) else found)[0])
    if len(found) == 0:
        hint = f"trmbench show {trial.trial_id} --failures lists some"
        raise TrmbenchError(f"no test puzzle {start!r} in trial {trial.trial_id}", hint)
    raise TrmbenchError(f"{start!r} may be any of {len(found)} puzzles", "type more of it")
