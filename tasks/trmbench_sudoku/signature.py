"""A number that all puzzles of one symmetry orbit share."""

from __future__ import annotations

import numpy as np

from trmbench_sudoku.rules import Rules

_ROUNDS = 3


def signatures(digits: np.ndarray, rules: Rules) -> np.ndarray:
    """(N,) uint64, equal for puzzles (N, n*n; 0 = blank) that a symmetry maps onto each other.

    Colour refinement (Weisfeiler and Leman 1968) on cells: every round mixes into a cell's colour
    the sums of the colours of its row, column, box, band, stack and equal digits. A symmetry
    permutes the summands only, so different signatures prove different orbits. The converse does
    not hold: unlike puzzles may share a signature, which costs a generator one puzzle, no leak.
    Rows and columns are told apart only where boxes are not square, so transposition is covered.
    """
    colour = _mix(np.where(digits > 0, np.uint64(1), np.uint64(2)))
    row, column = np.divmod(np.arange(rules.size**2), rules.size)
    by_row = [row, row // rules.box[0]]
    by_column = [column, column // rules.box[1]]
    box = rules.unit_of_cell[:, 2]
    square = rules.box[0] == rules.box[1]
    for _ in range(_ROUNDS):
        across = _mix(_sums(colour, by_row[0]) + _mix(_sums(colour, by_row[1])))
        down = _mix(_sums(colour, by_column[0]) + _mix(_sums(colour, by_column[1])))
        lines = across + down if square else across + down * np.uint64(3)
        boxes = _mix(_sums(colour, box) + np.uint64(7))
        colour = _mix(colour * np.uint64(5) + lines + boxes + _digit_sums(colour, digits, rules))
    return np.asarray(_mix(colour).sum(axis=1, dtype=np.uint64))


def contents(digits: np.ndarray) -> np.ndarray:
    """(N,) uint64 hashes of puzzles (N, n*n), equal for equal ones."""
    places = _mix(np.arange(1, digits.shape[1] + 1, dtype=np.uint64))
    return np.asarray(_mix(_mix(digits + places).sum(axis=1, dtype=np.uint64)))


def _sums(colour: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(N, n*n) the sum of the colours in each cell's part."""
    names, part = np.unique(part, return_inverse=True)
    members = part == np.arange(len(names))[:, None]
    totals = np.stack([colour[:, cells].sum(axis=1, dtype=np.uint64) for cells in members], axis=1)
    return np.asarray(totals[:, part])


def _digit_sums(colour: np.ndarray, digits: np.ndarray, rules: Rules) -> np.ndarray:
    """(N, n*n) the mixed sum of the colours of all cells with the same digit; 0 for blanks."""
    sums = np.zeros_like(colour)
    for digit in range(1, rules.size + 1):
        cells = digits == digit
        total = (colour * cells).sum(axis=1, dtype=np.uint64)
        sums += _mix(total + np.uint64(11))[:, None] * cells
    return sums


def _mix(values: np.ndarray) -> np.ndarray:
    """Scramble 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
