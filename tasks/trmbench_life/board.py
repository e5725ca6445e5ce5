"""Boards, their generations, and the symmetries of a board whose opposite borders meet."""

from __future__ import annotations

import numpy as np

PAD, DEAD, ALIVE, EMPTY, MARK = range(5)
VOCABULARY = 5
_ROUNDS = 4


def after(boards: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(N, n, n) bool: the boards (N, n, n) after so many generations (N,)."""
    now = boards.copy()
    for step in range(int(steps.max(initial=0))):
        going = np.flatnonzero(steps > step)
        now[going] = next_generation(now[going])
    return now


def next_generation(boards: np.ndarray) -> np.ndarray:
    """(N, n, n) bool: born with three live neighbours, alive with two or three."""
    around = _around(boards.astype(np.uint8))
    return np.asarray((around == 3) | (boards & (around == 2)))


def _around(values: np.ndarray) -> np.ndarray:
    """(N, n, n) the sum of the eight values around each."""
    rows = values + np.roll(values, 1, 1) + np.roll(values, -1, 1)
    return np.asarray(rows + np.roll(rows, 1, 2) + np.roll(rows, -1, 2) - values)


def signatures(boards: np.ndarray) -> np.ndarray:
    """(N,) uint64, equal for boards (N, n, n) that a shift, turn or reflection makes each other.

    Colour refinement: each cell takes a hash of its own value and of the values around it, some
    times over. Different signatures prove different boards.
    """
    values = boards.astype(np.uint64) + np.uint64(1)
    for _ in range(_ROUNDS):
        values = _mix(values * np.uint64(3) + _around(_mix(values)))
    return np.asarray(values.sum(axis=(1, 2), dtype=np.uint64))


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def encode(boards: np.ndarray, steps: np.ndarray, header: int) -> tuple[np.ndarray, np.ndarray]:
    """Questions and answers (N, (header + n) * n) uint8.

    A question has so many marks above its board as generations are asked for; nothing is asked
    there.
    """
    count, size, _ = boards.shape
    marks = np.where(np.arange(header * size) < steps[:, None], MARK, EMPTY)
    now, then = (
        np.where(each, ALIVE, DEAD).reshape(count, -1) for each in (boards, after(boards, steps))
    )
    inputs = np.concatenate([marks, now], axis=1)
    labels = np.concatenate([np.full_like(marks, PAD), then], axis=1)
    return inputs.astype(np.uint8), labels.astype(np.uint8)


def board_of(tokens: np.ndarray, size: int) -> np.ndarray:
    """(N, n, n) the tokens of the boards of questions or answers."""
    return tokens[:, -size * size :].reshape(-1, size, size)


def cells(turns: np.ndarray, down: np.ndarray, right: np.ndarray, size: int) -> np.ndarray:
    """(N, n*n) int64: the cell that each cell of a copy shows.

    Args:
        turns: (N,) 0..7, quarter turns, with 4 and more mirrored first.
        down: (N,) rows that the copy is shifted by.
        right: (N,) columns that it is shifted by.
        size: rows of the board.
    """
    grid = np.arange(size * size).reshape(size, size)
    turned = np.stack([np.rot90(base, q) for base in (grid, grid.T) for q in range(4)])
    places = np.arange(size)
    rows = (places - down[:, None]) % size
    columns = (places - right[:, None]) % size
    copies = turned[turns[:, None, None], rows[:, :, None], columns[:, None, :]]
    return np.asarray(copies.reshape(len(turns), -1))
