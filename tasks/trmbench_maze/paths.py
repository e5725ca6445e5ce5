"""Shortest paths of many mazes at once.

A set of cells is (R, N) uint64: one number for each row of each grid, one bit per cell, at most 60
columns, the grids side by side. A breadth-first step of all N mazes is then a handful of shifts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_ONE = np.uint64(1)
_DROP_EVERY = 8  # steps; dropping finished mazes costs about as much as one step


def pack(cells: np.ndarray) -> np.ndarray:
    """(R, N) set of the true cells of (N, R, C) bool."""
    data = np.packbits(cells, axis=2, bitorder="little")
    words = np.zeros((*data.shape[:2], 8), np.uint8)
    words[:, :, : data.shape[2]] = data
    return np.ascontiguousarray(words.view("<u8")[:, :, 0].T)


def unpack(cells: np.ndarray, columns: int) -> np.ndarray:
    """(N, R, C) bool of a set (R, N)."""
    words = np.ascontiguousarray(cells.T, "<u8")[:, :, None].view(np.uint8)
    return np.unpackbits(words, axis=2, count=columns, bitorder="little").astype(bool)


def neighbours(cells: np.ndarray) -> np.ndarray:
    """(R, N) cells next to the given ones; may hold bits right of the last column."""
    found = cells << _ONE
    found |= cells >> _ONE
    found[1:] |= cells[:-1]
    found[:-1] |= cells[1:]
    return found


def layers(passable: np.ndarray, start: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the (R, N) cells at 0, 1, 2, ... steps from the start until no maze has any."""
    frontier, unseen = start, passable & ~start
    while frontier.any():
        yield frontier
        frontier = neighbours(frontier) & unseen
        unseen = unseen ^ frontier


def path_lengths(passable: np.ndarray, start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(N,) int64 steps of the shortest path from start to goal, -1 where there is none."""
    lengths = np.full(passable.shape[1], -1)
    for step, frontier in enumerate(layers(passable, start)):
        lengths[(frontier & goal).any(axis=0)] = step
    return lengths


def far_cells(passable: np.ndarray, start: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The mazes (K,) with cells `steps` or more from the start, and those cells (R, K)."""
    mazes = np.arange(passable.shape[1])
    frontier, unseen = start, passable & ~start
    for step in range(1, steps + 1):
        frontier = neighbours(frontier) & unseen
        unseen = unseen ^ frontier
        if step % _DROP_EVERY == 0 or step == steps:
            going = frontier.any(axis=0)
            mazes, frontier, unseen = mazes[going], frontier[:, going], unseen[:, going]
    far = frontier
    for layer in layers(frontier | unseen, frontier):
        far = far | layer
    return mazes, far


def shortest_path(
    passable: np.ndarray, start: np.ndarray, goal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One shortest path of each maze, and whether it is the only one.

    Walking back from the goal through the layers, the cells in reach of every step are the cells
    of all shortest paths; the walk itself keeps the first cell, row by row, of each step.

    Returns:
        (R, N) the path's cells, start and goal included, empty where there is none; (N,) bool.
    """
    path, reach, here = (np.zeros_like(passable) for _ in range(3))
    unique = np.ones(passable.shape[1], bool)
    for frontier in reversed(list(layers(passable, start))):
        reached = frontier & goal
        reach = reached | (neighbours(reach) & frontier)
        here = reached | first_cell(neighbours(here) & frontier)
        path |= here
        unique &= ~(reach & ~here).any(axis=0)
    return path, unique


def first_cell(cells: np.ndarray) -> np.ndarray:
    """(R, N) only the first cell, row by row, of each set."""
    lowest = cells & (~cells + _ONE)
    first_row = np.cumsum(cells != 0, axis=0) == 1
    return np.asarray(lowest * first_row)
