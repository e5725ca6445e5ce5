"""Generating puzzles of which no two are the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.puzzles.splits import Puzzles


def distinct_puzzles(
    count: int,
    draw: Callable[[], Puzzles],
    signatures: Callable[[np.ndarray], np.ndarray],
    patience: int,
    too_rare: Callable[[int], TrmbenchError],
) -> Puzzles:
    """The first `count` puzzles drawn whose signatures all differ.

    Args:
        count: puzzles wanted.
        draw: some candidates, other ones at each call.
        signatures: (M,) uint64 of inputs (M, L), equal for puzzles that count as the same.
        patience: draws in a row that bring nothing new, after which it is given up.
        too_rare: the error for that, given the number of puzzles found.

    Raises:
        TrmbenchError: `too_rare`.
    """
    found: list[Puzzles] = []
    seen = np.empty(0, np.uint64)
    fruitless = 0
    while len(seen) < count:
        puzzles = draw()
        keys = signatures(puzzles.inputs)
        rows = np.sort(np.unique(keys, return_index=True)[1])
        rows = rows[~np.isin(keys[rows], seen)]
        found.append(puzzles.select(rows))
        seen = np.concatenate([seen, keys[rows]])
        fruitless = 0 if rows.size else fruitless + 1
        if fruitless == patience:
            raise too_rare(len(seen))
    inputs, labels = (np.concatenate(parts)[:count] for parts in zip(*found, strict=True))
    return Puzzles(inputs, labels)
