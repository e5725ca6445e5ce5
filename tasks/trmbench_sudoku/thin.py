"""Sudokus for which singles are enough, made fast: random clues that happen to tell everything."""

from __future__ import annotations

import numpy as np

from trmbench import Puzzles
from trmbench_sudoku.rules import Rules
from trmbench_sudoku.solve import propagate

_TRIES = 6


def thin(solutions: np.ndarray, clues: int, rules: Rules, random: np.random.Generator) -> Puzzles:
    """Keep random clues of each solution that naked and hidden singles can complete.

    Such a puzzle has one solution. A solution for which some tries find no such clues is dropped.

    Args:
        solutions: (n*n, M) uint16, the bit of each cell's digit.
        clues: cells to keep.
        rules: the geometry.
        random: draws the cells.

    Returns:
        Digits 0 (blank) to n, (K, n*n) uint8.
    """
    kept = np.zeros(solutions.shape, bool)
    open_grids = np.arange(solutions.shape[1])
    for _ in range(_TRIES):
        order = random.random((len(solutions), len(open_grids))).argsort(axis=0, kind="stable")
        shown = order.argsort(axis=0, kind="stable") < clues
        domains = np.where(shown, solutions[:, open_grids], rules.full).astype(np.uint16)
        found, alive = propagate(domains, rules)
        solved = alive[~(found & (found - 1)).any(axis=0)]
        kept[:, open_grids[solved]] = shown[:, solved]
        open_grids = np.delete(open_grids, solved)
    done = kept.any(axis=0)
    digits = (np.log2(solutions[:, done]).round() + 1).astype(np.uint8)
    return Puzzles((digits * kept[:, done]).T.copy(), digits.T.copy())
