"""A part of a table of puzzles that stands for the whole."""

from __future__ import annotations

import numpy as np

from trmbench.spec import IGNORED_LABEL, PuzzleTable

SEED = 0
"""Every model and every seed is tested on the same sample."""


def sample(table: PuzzleTable, limit: int) -> np.ndarray:
    """Draw puzzles so that easy and hard ones have the shares that they have in the table.

    Groups are drawn whole where one fits. They are ordered by how many tokens of a question its
    answer changes, at random where equal; as many as there is room for are taken, evenly spaced.

    Args:
        table: N puzzles.
        limit: how many of them at most, fewer than N.

    Returns:
        (n,) int64 rows, ascending; n is `limit` where each puzzle is a group of its own.
    """
    generator = np.random.default_rng(SEED)
    asked = (table.labels != IGNORED_LABEL) & (table.labels != table.inputs)
    _, group = np.unique(table.groups, return_inverse=True)
    sizes = np.bincount(group)
    change = np.bincount(group, weights=asked.sum(axis=1)) / sizes
    order = np.lexsort((generator.random(len(sizes)), change))
    wanted = max(1, limit * len(sizes) // len(table))
    places = (np.arange(wanted) + generator.random()) * len(sizes) / wanted
    taken = generator.permutation(order[places.astype(np.int64)])
    within = max(1, int((np.cumsum(sizes[taken]) <= limit).sum()))
    rows: np.ndarray = np.flatnonzero(np.isin(group, taken[:within]))
    return rows[:limit]
