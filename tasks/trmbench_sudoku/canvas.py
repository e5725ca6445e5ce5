"""Sudokus of several sizes on one square canvas: at the top left, with padding around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from trmbench import Puzzles
from trmbench_sudoku.rules import Rules, rules_of
from trmbench_sudoku.symmetry import Symmetries

PAD = 0


@dataclass(frozen=True)
class Canvas:
    """The square that all sizes of a task fit."""

    sizes: tuple[int, ...]
    """The sizes that occur, in order."""

    @property
    def side(self) -> int:
        """Rows of the canvas: as many as the largest size has."""
        return self.sizes[-1]

    def places(self, size: int) -> np.ndarray:
        """(n*n,) int64: the places of the cells of an n x n Sudoku."""
        return (np.arange(size)[:, None] * self.side + np.arange(size)).reshape(-1)

    def lay(self, tokens: np.ndarray, size: int) -> np.ndarray:
        """(N, L) uint8: n x n grids (N, n*n) on the canvas."""
        laid = np.full((len(tokens), self.side**2), PAD, np.uint8)
        laid[:, self.places(size)] = tokens
        return laid

    def lay_puzzles(self, puzzles: Puzzles, size: int) -> Puzzles:
        """Questions and answers (N, n*n) on the canvas."""
        return puzzles if size == self.side else Puzzles(*(self.lay(t, size) for t in puzzles))

    def by_size(self, inputs: np.ndarray) -> Iterator[tuple[Rules, np.ndarray, np.ndarray]]:
        """For each size: its rules, which questions (N, L) are of it, and its places."""
        cells = (inputs != PAD).sum(axis=1)
        for size in self.sizes:
            own = np.full(len(inputs), True) if len(self.sizes) == 1 else cells == size**2
            yield rules_of(size), own, self.places(size)

    def size_of(self, tokens: np.ndarray) -> int:
        """The smallest size that a grid (L,) of tokens fits, whatever an answer lacks."""
        taken = np.argwhere(tokens.reshape(self.side, self.side) != PAD)
        rows = int(taken.max(initial=-1)) + 1
        return next(size for size in self.sizes if size >= rows)

    def extended(self, symmetries: Symmetries, size: int) -> Symmetries:
        """The symmetries of n x n grids as symmetries of the canvas, on the same device."""
        if size == self.side:
            return symmetries
        count, device = len(symmetries.cells), symmetries.cells.device
        places = torch.from_numpy(self.places(size)).to(device)
        cells = torch.arange(self.side**2, device=device).repeat(count, 1)
        cells[:, places] = places[symmetries.cells]
        further = torch.arange(symmetries.tokens.shape[1], self.side + 2, device=device)
        tokens = torch.cat([symmetries.tokens, further.expand(count, -1)], dim=1)
        return Symmetries(cells, tokens)
