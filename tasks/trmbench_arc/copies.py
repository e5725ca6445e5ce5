"""Copies of ARC puzzles for voting: each in a variant of its own, and the way back.

Shapes: N puzzles, V copies, L tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from trmbench_arc.transform import grid_sizes, restore, transform

CHUNK = 512
"""Puzzles transformed at once, so that the work stays in the processor's cache."""


class Copies:
    """The variants in which puzzles are asked.

    Args:
        origin: (V,) int64, the puzzle that each copy is of.
        dihedral: (V,) the number of each copy's transform.
        colours: (V, 10) each copy's colours.
    """

    def __init__(self, origin: np.ndarray, dihedral: np.ndarray, colours: np.ndarray) -> None:
        self._origin = origin
        self._dihedral = torch.from_numpy(dihedral).long()
        self._colours = torch.from_numpy(colours)

    def of(self, tokens: np.ndarray, grids: Sequence[np.ndarray | None]) -> np.ndarray:
        """Copy the puzzles' tokens (N, L), which spell these N grids; returns (V, L) uint8."""
        shapes = torch.tensor([_shape(grid) for grid in grids], dtype=torch.int64)
        heights, widths = shapes.reshape(-1, 2)[self._origin].T
        result = np.empty((len(self._origin), tokens.shape[1]), np.uint8)
        for start in range(0, len(self._origin), CHUNK):
            part = slice(start, start + CHUNK)
            result[part] = transform(
                torch.from_numpy(tokens[self._origin[part]]),
                heights[part],
                widths[part],
                self._dihedral[part],
                self._colours[part].long(),
            ).numpy()
        return result

    def restored(self, rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Turn answers (M, L) to the copies of these rows (M,) back into their puzzles' frame."""
        result = np.empty(tokens.shape, np.uint8)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            row = torch.from_numpy(np.array(rows[part], np.int64))
            answers = torch.from_numpy(np.array(tokens[part], np.uint8))
            varied = self._dihedral[row], self._colours[row].long()
            result[part] = restore(answers, *varied).numpy()
        return result

    def pairs(
        self, row: int, pairs: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Vary pairs of grids, as (L,) tokens each, as the copy of this row is varied."""
        grids = np.array(pairs, np.uint8)
        tokens = torch.from_numpy(grids).view(-1, grids.shape[-1])
        same = torch.full((len(tokens),), row)
        varied = transform(
            tokens, *grid_sizes(tokens), self._dihedral[same], self._colours[same].long()
        ).numpy()
        return list(zip(varied[::2], varied[1::2], strict=True))


def _shape(grid: np.ndarray | None) -> tuple[int, ...]:
    return (0, 0) if grid is None else grid.shape
