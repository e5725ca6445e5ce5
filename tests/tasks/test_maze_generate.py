"""Generated mazes: shortest paths as asked for, and no maze twice under the eight symmetries."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest

from trmbench import TrmbenchError
from trmbench_maze import MAZE
from trmbench_maze.generate import generate
from trmbench_maze.options import MazeOptions
from trmbench_maze.paths import neighbours, pack, path_lengths, shortest_path, unpack

WALL, BLANK, START, GOAL, PATH = range(1, 6)


def options(**changes: Any) -> MazeOptions:
    return MazeOptions(**{**MAZE.presets["mini"].options, **changes})


def count_paths(maze: list[int], size: int) -> tuple[int, int]:
    """Length and number of the shortest paths by a plain search; -1 and 0 where there is none."""
    start, goal = maze.index(START), maze.index(GOAL)
    length, ways, queue = {start: 0}, {start: 1}, deque([start])
    while queue:
        cell = queue.popleft()
        row, column = divmod(cell, size)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            other = r * size + c
            if not (0 <= r < size and 0 <= c < size) or maze[other] == WALL:
                continue
            if other not in length:
                length[other], ways[other] = length[cell] + 1, 0
                queue.append(other)
            if length[other] == length[cell] + 1:
                ways[other] += ways[cell]
    return length.get(goal, -1), ways.get(goal, 0)


def copies(grid: np.ndarray, size: int) -> set[bytes]:
    """The grid under all eight symmetries."""
    square = grid.reshape(size, size)
    return {
        np.rot90(face, quarters).tobytes() for face in (square, square.T) for quarters in range(4)
    }


@pytest.mark.parametrize("changes", [{}, {"min_path_length": 9}, {"size": 5}, {"max_walls": 0.3}])
def test_mazes_have_one_shortest_path_of_the_asked_length(changes: dict[str, Any]) -> None:
    asked = options(**changes)
    puzzles = generate(60, asked)
    for maze, answer in zip(puzzles.inputs.tolist(), puzzles.labels.tolist(), strict=True):
        length, ways = count_paths(maze, asked.size)
        assert ways == 1 and length >= asked.min_path_length
        assert answer.count(PATH) == length - 1
        assert maze.count(START) == maze.count(GOAL) == 1
        assert all(
            shown == given or (shown, given) == (PATH, BLANK)
            for shown, given in zip(answer, maze, strict=True)
        )
        # Only the marked cells are open: the goal is still reached in as many steps.
        walled = [WALL if token == BLANK else token for token in answer]
        assert count_paths(walled, asked.size) == (length, 1)


def test_no_maze_is_another_one_turned_or_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trmbench_maze.generate._CHUNK", 256)
    asked = options(size=4, min_path_length=4)
    mazes = generate(800, asked).inputs
    seen: set[bytes] = set()
    for maze in mazes:
        orbit = copies(maze, 4)
        assert not orbit & seen
        seen |= orbit


def test_no_test_maze_is_a_training_maze_turned_or_mirrored() -> None:
    task = MAZE.load(options())
    train, test = task.split("train"), task.split("test")
    assert (len(train), len(test)) == (400, 1000)
    known = {row.tobytes() for row in train.inputs}
    assert len(known) == 400
    assert not any(known & copies(maze, 6) for maze in test.inputs)


def test_several_shortest_paths_are_allowed_when_asked_for() -> None:
    asked = options(unique_path=False, min_walls=0.0, max_walls=0.2)
    puzzles = generate(40, asked)
    found = [count_paths(maze, 6) for maze in puzzles.inputs.tolist()]
    assert max(ways for _, ways in found) > 1
    marked = (puzzles.labels == PATH).sum(axis=1)
    assert [length - 1 for length, _ in found] == marked.tolist()


def test_the_share_of_walls_is_as_asked() -> None:
    for share in (0.2, 0.5):
        asked = options(min_walls=share, max_walls=share, min_path_length=1, unique_path=False)
        assert abs((generate(3000, asked).inputs == WALL).mean() - share) < 0.05


def test_large_hard_mazes_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trmbench_maze.generate._CHUNK", 1024)
    asked = MazeOptions(source="generated", min_path_length=70)
    puzzles = generate(4, asked)
    assert min(count_paths(maze, 30)[0] for maze in puzzles.inputs.tolist()) >= 70


def test_impossible_mazes_end_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trmbench_maze.generate._CHUNK", 64)
    with pytest.raises(TrmbenchError, match="found 0 of 3 mazes of 6x6 cells .* 30 steps"):
        generate(3, options(min_path_length=30))


def test_mazes_are_fixed_by_the_seed_and_extend_one_another() -> None:
    few, more = generate(5, options(data_seed=3)), generate(2500, options(data_seed=3))
    other = generate(5, options(data_seed=4))
    assert (more.inputs[:5] == few.inputs).all() and (more.labels[:5] == few.labels).all()
    assert (few.inputs != other.inputs).any()


@pytest.mark.parametrize("size", [2, 7, 8, 31, 33, 60])
def test_bit_sets_agree_with_a_plain_search(size: int) -> None:
    random = np.random.default_rng(size)
    grids = np.where(random.random((30, size * size)) < 0.35, WALL, BLANK)
    ends = random.random(grids.shape).argsort(axis=1)[:, :2]
    np.put_along_axis(grids, ends, np.array([[START, GOAL]]), axis=1)
    mazes = grids.reshape(-1, size, size)
    sets = [pack(cells) for cells in (mazes != WALL, mazes == START, mazes == GOAL)]
    expected = [count_paths(maze, size) for maze in grids.tolist()]
    assert path_lengths(*sets).tolist() == [length for length, _ in expected]
    path, unique = shortest_path(*sets)
    assert unpack(path, size).sum(axis=(1, 2)).tolist() == [length + 1 for length, _ in expected]
    for alone, (length, ways) in zip(unique.tolist(), expected, strict=True):
        assert length < 0 or alone is (ways == 1)


def test_neighbours_do_not_wrap_around_the_edges() -> None:
    corner = np.zeros((1, 4, 4), bool)
    corner[0, 0, 3] = True
    found = unpack(neighbours(pack(corner)), 4)[0]
    assert np.argwhere(found).tolist() == [[0, 2], [1, 3]]
