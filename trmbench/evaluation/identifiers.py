"""Checks of what a model owes to the puzzle identifier: blank and shuffled identifiers.

A model that solves tasks from the identifier's embedding alone collapses under both. Each gives
the same puzzles with other identifiers, to be answered by the same trained model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.spec import PuzzleTable


def blank_identifiers(table: PuzzleTable) -> PuzzleTable:
    """The puzzles with the blank identifier 0."""
    return replace(table, puzzle_identifiers=np.zeros_like(table.puzzle_identifiers))


def shuffled_identifiers(table: PuzzleTable, seed: int) -> PuzzleTable:
    """The puzzles with identifiers of other groups: none keeps one of its own.

    Rows are sorted by group in a random order of groups and take the identifier that stands as
    many rows further as the largest group has.

    Raises:
        TrmbenchError: one group has more than half of the rows, so that some would keep theirs.
    """
    _, group, sizes = np.unique(table.groups, return_inverse=True, return_counts=True)
    largest = int(sizes.max())
    if 2 * largest > len(table):
        raise TrmbenchError(
            "cannot shuffle puzzle identifiers: one group has more than half of the puzzles",
            "test on more groups",
        )
    generator = np.random.default_rng(seed)
    order = np.argsort(generator.permutation(len(sizes))[group], kind="stable")
    identifiers = np.empty_like(table.puzzle_identifiers)
    identifiers[order] = table.puzzle_identifiers[np.roll(order, -largest)]
    return replace(table, puzzle_identifiers=identifiers)
