"""Sudoku of any box shape: its units, and whether grids obey the rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

BOX_SHAPES = {4: (2, 2), 6: (2, 3), 9: (3, 3), 16: (4, 4)}
"""Rows and columns of a box, for each size of grid."""


@dataclass(frozen=True)
class Rules:
    """The geometry of an n x n Sudoku; cells are numbered row by row, digits are bits 0..n-1."""

    size: int
    box: tuple[int, int]

    @property
    def full(self) -> int:
        """The bits of all digits."""
        return (1 << self.size) - 1

    @cached_property
    def unit_of_cell(self) -> np.ndarray:
        """(n*n, 3): each cell's row, column and box, as unit numbers 0..3n-1."""
        row, column = np.divmod(np.arange(self.size**2), self.size)
        box = row // self.box[0] * (self.size // self.box[1]) + column // self.box[1]
        return np.stack([row, self.size + column, 2 * self.size + box], axis=1)

    @cached_property
    def units(self) -> np.ndarray:
        """(3n, n): the cells of each row, column and box."""
        cells = [np.nonzero(self.unit_of_cell == unit)[0] for unit in range(3 * self.size)]
        return np.stack(cells)

    def solved(self, digits: np.ndarray) -> np.ndarray:
        """(N,) bool: whether each grid (N, n*n) has every digit 1..n once in every unit."""
        n, (height, width) = self.size, self.box
        word = np.dtype(np.uint16 if n < 16 else np.uint32)
        bits = np.left_shift(np.ones((), word), np.ascontiguousarray(digits.T).astype(word))
        rows = bits.reshape(n, n, -1)
        boxes = bits.reshape(n // height, height, n // width, width, -1)
        seen = np.bitwise_or.reduce(rows, axis=1) & np.bitwise_or.reduce(rows, axis=0)
        seen &= np.bitwise_or.reduce(boxes, axis=(1, 3)).reshape(n, -1)
        # n cells that show n digits show each once; other values leave a digit out.
        return np.asarray((seen & (self.full << 1) == self.full << 1).all(axis=0))


@lru_cache
def rules_of(size: int) -> Rules:
    """The rules of the given size of grid (a key of `BOX_SHAPES`)."""
    return Rules(size, BOX_SHAPES[size])
