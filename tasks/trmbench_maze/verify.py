"""The test whether answers to mazes are right."""

from __future__ import annotations

import numpy as np

from trmbench_maze.paths import pack, path_lengths, shortest_path
from trmbench_maze.tokens import BLANK, GOAL, PATH, START, WALL

_BLOCK = 1024


def has_ends(inputs: np.ndarray) -> np.ndarray:
    """(N,) bool: a maze (N, L) has one start and one goal."""
    ends = [(inputs == end).sum(axis=1) == 1 for end in (START, GOAL)]
    return np.asarray(ends[0] & ends[1])


def keeps_maze(inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """(N,) bool: an answer (N, L) differs from its maze only by path cells on free ones."""
    marked = (inputs == BLANK) & (answers == PATH)
    return np.asarray(((inputs == answers) | marked).all(axis=1))


def solves(inputs: np.ndarray, answers: np.ndarray, size: int) -> np.ndarray:
    """(N,) bool: the marked cells are one simple path from start to goal, of shortest length.

    If the maze's shortest path has d steps, d - 1 cells are marked and the goal can be reached
    through marked cells, then every one of them is needed: they form one simple path.
    """
    right = np.zeros(len(inputs), bool)
    for block in _blocks(len(inputs)):
        right[block] = _solves(inputs[block], answers[block], size)
    return right


def has_one_path(inputs: np.ndarray, size: int) -> np.ndarray:
    """(N,) bool: there is no other shortest path from start to goal than one."""
    single = np.zeros(len(inputs), bool)
    for block in _blocks(len(inputs)):
        mazes = inputs[block].reshape(-1, size, size)
        ends = (pack(mazes == end) for end in (START, GOAL))
        path, unique = shortest_path(pack(mazes > WALL), *ends)
        single[block] = unique & path.any(axis=0)
    return single


def _blocks(count: int) -> list[slice]:
    """So many mazes at a time."""
    return [slice(first, first + _BLOCK) for first in range(0, count, _BLOCK)]


def _solves(inputs: np.ndarray, answers: np.ndarray, size: int) -> np.ndarray:
    mazes, paths = (grids.reshape(-1, size, size) for grids in (inputs, answers))
    start, goal = pack(mazes == START), pack(mazes == GOAL)
    shortest = path_lengths(pack(mazes > WALL), start, goal)
    within = path_lengths(pack(paths >= START), start, goal)
    marked = (paths == PATH).sum(axis=(1, 2))
    found = (shortest > 0) & (within == shortest) & (marked == shortest - 1)
    return np.asarray(found & keeps_maze(inputs, answers))
