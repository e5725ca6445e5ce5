"""Random mazes with a long shortest path, no two the same under the symmetries of the square."""

from __future__ import annotations

import numpy as np

from trmbench import Puzzles, TrmbenchError, distinct_puzzles
from trmbench_maze.options import MazeOptions
from trmbench_maze.paths import far_cells, pack, shortest_path, unpack
from trmbench_maze.perfect import perfect_mazes
from trmbench_maze.symmetry import signatures
from trmbench_maze.tokens import BLANK, GOAL, PATH, START, WALL

_CHUNK = 4096  # mazes worked on at once; a constant, so that more mazes extend fewer
_PERFECT_CHUNK = 256
_FRUITLESS_CHUNKS = 20


def generate(count: int, options: MazeOptions) -> Puzzles:
    """Tokens of `count` mazes and of their solutions, (count, size*size) uint8.

    Each maze draws its share of walls, walls, start, and a goal among the cells that are far
    enough (the manner of arXiv 2402.14083, which Maze-Hard uses). The first mazes of a seed do not
    depend on `count`.

    Raises:
        TrmbenchError: such mazes are too rare.
    """
    random = np.random.default_rng(np.random.SeedSequence([options.data_seed, options.size]))
    size = options.size
    return distinct_puzzles(
        count,
        draw=lambda: (_perfect if options.perfect else _candidates)(options, random),
        signatures=lambda inputs: signatures(inputs, size),
        patience=_FRUITLESS_CHUNKS,
        too_rare=lambda found: TrmbenchError(
            f"found {found} of {count} mazes of {size}x{size} cells with a shortest path "
            f"of {_lengths(options)}",
            "lower task.min_path_length or ask for fewer puzzles",
        ),
    )


def _lengths(options: MazeOptions) -> str:
    longest = options.max_path_length
    return f"{options.min_path_length} steps " + ("or more" if longest is None else f"to {longest}")


def _perfect(options: MazeOptions, random: np.random.Generator) -> Puzzles:
    """Draw a chunk of perfect mazes."""
    passable, start, goal = perfect_mazes(_PERFECT_CHUNK, options, random)
    path, _ = shortest_path(passable, start, goal)
    return _encode(*(unpack(cells, options.size) for cells in (passable, start, goal, path)))


def _candidates(options: MazeOptions, random: np.random.Generator) -> Puzzles:
    """Draw a chunk of mazes, and keep those that the options allow."""
    size = options.size
    walls = random.uniform(options.min_walls, options.max_walls, (_CHUNK, 1, 1))
    heights = random.random((_CHUNK, size, size), np.float32)
    passable = pack(heights >= walls)
    # The highest cell is any open cell with equal chance, which saves drawing again.
    start = pack(_highest(heights)) & passable
    mazes, far = far_cells(passable, start, options.min_path_length)
    passable, start = passable[:, mazes], start[:, mazes]
    candidates = unpack(far, size)
    goal = pack(_highest(random.random(candidates.shape, np.float32) + candidates))
    path, unique = shortest_path(passable, start, goal)
    chosen = unique if options.unique_path else np.ones(len(mazes), bool)
    sets = (unpack(cells[:, chosen], size) for cells in (passable, start, goal, path))
    return _encode(*sets)


def _highest(heights: np.ndarray) -> np.ndarray:
    """(N, R, C) bool: the highest cell of each grid."""
    count, rows, columns = heights.shape
    flat = heights.reshape(count, rows * columns)
    highest = np.zeros(flat.shape, bool)
    highest[np.arange(count), flat.argmax(axis=1)] = True
    return highest.reshape(heights.shape)


def _encode(passable: np.ndarray, start: np.ndarray, goal: np.ndarray, path: np.ndarray) -> Puzzles:
    inputs = np.where(passable, BLANK, WALL).astype(np.uint8)
    inputs[start], inputs[goal] = START, GOAL
    labels = np.where(path & ~start & ~goal, PATH, inputs).astype(np.uint8)
    shape = (len(inputs), inputs.shape[1] * inputs.shape[2])
    return Puzzles(inputs.reshape(shape), labels.reshape(shape))
