"""The eight symmetries of the square, as orders of its cells."""

from __future__ import annotations

import numpy as np

SYMMETRIES = 8


def cell_orders(size: int) -> np.ndarray:
    """(8, size*size) int64: the cell that each cell of the copy shows; the first is the identity.

    Copies 0-3 are turned by that many quarters, copies 4-7 also transposed.
    """
    cells = np.arange(size**2).reshape(size, size)
    turned = [np.rot90(base, quarters) for base in (cells, cells.T) for quarters in range(4)]
    return np.stack(turned).reshape(SYMMETRIES, -1)


def signatures(grids: np.ndarray, size: int) -> np.ndarray:
    """(N,) uint64, equal for grids (N, size*size) that a symmetry maps onto each other.

    It is the smallest of the hashes of the eight copies. Different signatures prove different
    orbits; two orbits that share one by accident cost a generator one maze.
    """
    weights = np.random.default_rng(0).integers(2**63, size=size**2, dtype=np.uint64)
    values = grids.astype(np.uint64)
    hashes = [_mix(values[:, order] @ weights) for order in cell_orders(size)]
    return np.asarray(np.min(hashes, axis=0))


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(values ^ (values >> np.uint64(31)))
