"""Perfect mazes: between any two cells there is exactly one way.

The statistics are the published ones of Maze-Unique (arXiv 2605.21488): rooms on odd rows and
columns of an odd square, walls on its border, corridors dug by a depth-first walk that turns back
where it is stuck; the length of the path is uniform, start and goal are any cells that far from
each other.
"""

from __future__ import annotations

import numpy as np

from trmbench_maze.options import MazeOptions
from trmbench_maze.paths import layers, pack, unpack

_STARTS = 10  # of one maze, before another is dug
_ROUNDS = 40


def perfect_mazes(
    count: int, options: MazeOptions, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sets (R, K) of the free cells, the start and the goal of up to `count` mazes."""
    size = options.size
    longest = options.max_path_length or size**2 - 1
    lengths = random.integers(options.min_path_length, longest + 1, count)
    passable = _dug(count, size, random)
    start, goal = np.zeros_like(passable), np.zeros_like(passable)
    pending = np.arange(count)
    for round_ in range(_ROUNDS):
        if round_ % _STARTS == 0 and round_:
            passable[:, pending] = _dug(len(pending), size, random)
        start[:, pending] = _one_of(passable[:, pending], size, random)
        far = _at_distance(passable[:, pending], start[:, pending], lengths[pending])
        goal[:, pending] = _one_of(far, size, random)
        pending = pending[~far.any(axis=0)]
        if not len(pending):
            break
    found = np.setdiff1d(np.arange(count), pending)
    return passable[:, found], start[:, found], goal[:, found]


def _dug(count: int, size: int, random: np.random.Generator) -> np.ndarray:
    """(R, N) the free cells of mazes."""
    grids = np.zeros((count, size, size), bool)
    for grid in grids:
        _dig(grid, random)
    return pack(grids)


def _dig(grid: np.ndarray, random: np.random.Generator) -> None:
    """Dig the corridors of one maze (size, size)."""
    side = (len(grid) - 1) // 2
    here = divmod(int(random.integers(side * side)), side)
    grid[2 * here[0] + 1, 2 * here[1] + 1] = True
    seen, way = {here}, [here]
    draws = iter(random.random(2 * side * side).tolist())
    while way:
        row, column = way[-1]
        near = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        free = [r for r in near if r not in seen and 0 <= r[0] < side and 0 <= r[1] < side]
        if not free:
            way.pop()
            continue
        here = free[int(next(draws) * len(free))]
        grid[row + here[0] + 1, column + here[1] + 1] = True
        grid[2 * here[0] + 1, 2 * here[1] + 1] = True
        seen.add(here)
        way.append(here)


def _at_distance(passable: np.ndarray, start: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(R, N) the cells at exactly that many steps (N,) from each start."""
    found = np.zeros_like(passable)
    for step, frontier in enumerate(layers(passable, start)):
        found |= np.where(lengths == step, frontier, np.uint64(0))
    return found


def _one_of(cells: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """(R, N) one random cell of each set; none of an empty one."""
    free = unpack(cells, size).reshape(-1, size**2)
    heights = random.random(free.shape) * free
    chosen = np.zeros(heights.shape, bool)
    rows = np.flatnonzero(heights.any(axis=1))
    chosen[rows, heights[rows].argmax(axis=1)] = True
    return pack(chosen.reshape(-1, size, size))
