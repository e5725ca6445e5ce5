"""Boards as tokens, their symmetries, and every way to place n queens.

A placement of n queens is a permutation: the column of the queen of each row.
"""

from __future__ import annotations

import numpy as np

PAD, EMPTY, QUEEN = range(3)
"""Tokens; in a question an empty cell is one that nothing is said about."""
SYMMETRIES = 8


def all_solutions(size: int) -> np.ndarray:
    """(S, n) int64: every placement of n queens that do not attack each other, row by row."""
    placed = np.zeros((1, 0), np.int64)
    for row in range(size):
        columns = np.repeat(np.arange(size)[None], len(placed), axis=0)
        apart = np.abs(columns[:, :, None] - placed[:, None, :])
        attacked = (apart == 0) | (apart == row - np.arange(row))
        parent, column = np.nonzero(~attacked.any(axis=2))
        placed = np.concatenate([placed[parent], column[:, None]], axis=1)
    return placed


def boards(placements: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Tokens (N, n*n) uint8 of placements (N, n) of which the rows `shown` (N, n) have queens."""
    queens = (placements[:, :, None] == np.arange(placements.shape[1])) & shown[:, :, None]
    return np.where(queens, QUEEN, EMPTY).astype(np.uint8).reshape(len(placements), -1)


def orders(size: int) -> np.ndarray:
    """(8, n*n) int64: the cell that each cell of a copy shows; the first copy is the board."""
    cells = np.arange(size**2).reshape(size, size)
    turned = [np.rot90(base, quarters) for base in (cells, cells.T) for quarters in range(4)]
    return np.stack(turned).reshape(SYMMETRIES, -1)


def signatures(inputs: np.ndarray, size: int) -> np.ndarray:
    """(N,) bytes, equal exactly for boards (N, n*n) that a symmetry maps onto each other."""
    copies = [np.packbits(inputs[:, order] == QUEEN, axis=1) for order in orders(size)]
    packed = np.ascontiguousarray(np.stack(copies))
    keys = packed.view(f"S{packed.shape[2]}")[..., 0]
    return np.asarray(np.sort(keys, axis=0)[0])


def completions(inputs: np.ndarray, size: int) -> np.ndarray:
    """(N,) int64: how many placements of n queens have the given ones (N, n*n) among them."""
    every = boards(all_solutions(size), np.ones((1, size), bool)) == QUEEN
    shown = (inputs == QUEEN).astype(np.float32)
    held = shown @ every.T.astype(np.float32)
    found: np.ndarray = (held == shown.sum(axis=1, keepdims=True)).sum(axis=1)
    return found


def completes(inputs: np.ndarray, answers: np.ndarray, size: int) -> np.ndarray:
    """(N,) bool: n queens that do not attack each other, the given ones among them."""
    queens = (answers == QUEEN).reshape(-1, size, size)
    decided = ((answers == QUEEN) | (answers == EMPTY)).all(axis=1)
    kept = (queens.reshape(len(inputs), -1) | (inputs != QUEEN)).all(axis=1)
    lines = (queens.sum(axis=2) == 1).all(axis=1) & (queens.sum(axis=1) == 1).all(axis=1)
    flipped = queens[:, :, ::-1]
    diagonals = np.stack(
        [
            np.trace(board, offset, axis1=1, axis2=2)
            for board in (queens, flipped)
            for offset in range(1 - size, size)
        ]
    )
    return np.asarray(decided & kept & lines & (diagonals <= 1).all(axis=0))
