"""Which pairs of which ARC tasks make up the splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trmbench import PuzzleTable, TrmbenchError
from trmbench_arc.grids import encode
from trmbench_arc.reading import Pair
from trmbench_arc.selection import Selection


class Row(NamedTuple):
    """One pair in a split."""

    task: int
    """Number of the ARC task among all, those with all pairs in training first."""
    name: str
    """The ARC task's id."""
    kind: str
    """"train" or "test", as in the task's file."""
    number: int
    """Among the pairs of that kind."""
    place: int
    """Among all pairs of the task in training; a variant leaves one of these places unshifted."""
    pair: Pair

    @property
    def puzzle_id(self) -> str:
        """As `00576224/test/0`."""
        return f"{self.name}/{self.kind}/{self.number}"


def split_rows(selection: Selection, validation: int, seed: int) -> dict[str, list[Row]]:
    """The pairs of "train", "validation" and "test".

    Args:
        selection: the tasks.
        validation: pairs of training tasks to hold out.
        seed: picks them.

    Raises:
        TrmbenchError: more pairs to hold out than there are.
    """
    trained = list(training_rows(selection))
    candidates = [
        number for number, row in enumerate(trained) if row.task < len(selection.training)
    ]
    if validation and validation >= len(candidates):
        raise TrmbenchError(
            f"task.validation={validation}, but the training tasks have {len(candidates)} pairs",
            "hold out fewer",
        )
    generator = np.random.default_rng([seed, 1])
    held_out = set(generator.permutation(candidates)[:validation].tolist())
    return {
        "train": [row for number, row in enumerate(trained) if number not in held_out],
        "validation": [trained[number] for number in sorted(held_out)],
        "test": list(_test_rows(selection)),
    }


def training_rows(selection: Selection) -> Iterator[Row]:
    """Every pair that may be trained on, task by task."""
    tasks = [*selection.training, *selection.evaluation]
    for index, task in enumerate(tasks):
        pairs = [("train", number, pair) for number, pair in enumerate(task.train)]
        if index < len(selection.training):
            pairs += [("test", number, pair) for number, pair in enumerate(task.test)]
        for place, (kind, number, pair) in enumerate(pairs):
            yield Row(index, task.name, kind, number, place, pair)


def _test_rows(selection: Selection) -> Iterator[Row]:
    for index, task in enumerate(selection.evaluation, start=len(selection.training)):
        for number, pair in enumerate(task.test):
            yield Row(index, task.name, "test", number, 0, pair)


def make_table(rows: Sequence[Row], canvas: int, identifiers: np.ndarray) -> PuzzleTable:
    """The rows as unaugmented puzzles, with the given puzzle identifiers (N,)."""
    tokens = np.zeros((2, len(rows), canvas**2), np.uint8)
    for number, row in enumerate(rows):
        for side, grid in enumerate(row.pair):
            if grid is not None:
                tokens[side, number] = encode(grid, canvas)
    return PuzzleTable(
        inputs=tokens[0],
        labels=tokens[1],
        puzzle_identifiers=identifiers,
        puzzle_ids=np.array([row.puzzle_id for row in rows], np.str_),
        groups=np.array([row.name for row in rows], np.str_),
    )
