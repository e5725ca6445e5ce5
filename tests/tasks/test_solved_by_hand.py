"""Plain solvers, which read the question alone, solve every puzzle; copies stay as right."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from trmbench import Batch, Predictions, Task
from trmbench.plugin import registry

FEW = {"train_puzzles": 40, "test_puzzles": 30}
CASES = {
    "queens": ("mini", FEW),
    "queens of 10x10": ("paper", FEW),
    "coloring": ("mini", FEW),
    "coloring of 10": ("paper", FEW),
    "life": ("mini", FEW),
    "maze": ("mini-unique", FEW),
    "maze of 30x30": ("unique", {**FEW, "source": "generated", "augment": True}),
    "sudoku": ("mini-sizes", FEW),
    "arc-mini": ("mini", {"test_tasks": 10}),
}


@cache
def task_of(case: str) -> Task:
    """The task of a case, with few puzzles."""
    preset, changes = CASES[case]
    spec = registry.tasks().find(case.split()[0]).spec
    task: Task = spec.load(spec.options(**{**spec.presets[preset].options, **changes}))
    return task


def place_queens(question: np.ndarray) -> np.ndarray:
    """Queens (2) row by row, on cells that are empty (1)."""
    size = round(question.size**0.5)
    given = {row: int(c) for row, c in np.argwhere(question.reshape(size, size) == 2).tolist()}

    def placed(columns: list[int]) -> list[int] | None:
        row = len(columns)
        if row == size:
            return columns
        for column in [given[row]] if row in given else range(size):
            if all(abs(column - c) not in (0, row - r) for r, c in enumerate(columns)):
                found = placed([*columns, column])
                if found:
                    return found
        return None

    return 1 + np.eye(size, dtype=int)[placed([])].ravel()


def colour_vertices(question: np.ndarray) -> np.ndarray:
    """Colours (4 to 6) in the last column of the adjacency matrix, whose edges are 2."""
    size = int(question.size**0.5)
    edges = question.reshape(size, size + 1)[:, :-1] == 2

    def coloured(colours: list[int]) -> list[int] | None:
        if len(colours) == size:
            return colours
        for colour in range(3):
            near = np.flatnonzero(edges[len(colours), : len(colours)])
            if all(colours[vertex] != colour for vertex in near):
                found = coloured([*colours, colour])
                if found:
                    return found
        return None

    answer = np.zeros((size, size + 1), int)
    answer[:, -1] = np.array(coloured([])) + 4
    return answer.ravel()


def live_on(question: np.ndarray) -> np.ndarray:
    """The board (1 dead, 2 alive) below the marks (4), after as many generations."""
    size = 6
    board = {divmod(int(cell), size) for cell in np.flatnonzero(question[-(size**2) :] == 2)}
    cells = [(row, column) for row in range(size) for column in range(size)]
    for _ in range((question == 4).sum()):
        near = {
            (row, column): sum(
                ((row + i) % size, (column + j) % size) in board
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                if i or j
            )
            for row, column in cells
        }
        board = {at for at in cells if near[at] == 3 or (near[at] == 2 and at in board)}
    answer = np.zeros_like(question, dtype=int)
    answer[-(size**2) :] = [2 if at in board else 1 for at in cells]
    return answer


def walk(question: np.ndarray) -> np.ndarray:
    """A path (5) from start (3) to goal (4) around walls (1), by breadth-first search."""
    size = round(question.size**0.5)
    start, goal = int(np.argmax(question == 3)), int(np.argmax(question == 4))
    came_from, waiting = {start: start}, deque([start])
    while waiting:
        cell = waiting.popleft()
        for step in (-size, size, -1, 1):
            there = cell + step
            straight = abs(step) == size or there // size == cell // size
            inside = 0 <= there < question.size and straight
            if inside and question[there] != 1 and there not in came_from:
                came_from[there] = cell
                waiting.append(there)
    answer, cell = question.astype(int), came_from[goal]
    while cell != start:
        answer[cell], cell = 5, came_from[cell]
    return answer


def fill_in(question: np.ndarray) -> np.ndarray:
    """Digits (from 2 on) for the blanks (1) of a Sudoku at the top left, by backtracking."""
    side = round(question.size**0.5)
    size = round((question != 0).sum() ** 0.5)
    height, width = {4: (2, 2), 6: (2, 3), 9: (3, 3)}[size]
    grid = question.reshape(side, side)[:size, :size].astype(int)

    def left(row: int, column: int) -> set[int]:
        top, start = row // height * height, column // width * width
        box = grid[top : top + height, start : start + width]
        return set(range(2, size + 2)) - {*grid[row], *grid[:, column], *box.ravel()}

    def fill() -> bool:
        blanks = [(len(left(*at)), *at) for at in np.argwhere(grid == 1).tolist()]
        if not blanks:
            return True
        _, row, column = min(blanks)
        for digit in sorted(left(row, column)):
            grid[row, column] = digit
            if fill():
                return True
        grid[row, column] = 1
        return False

    assert fill()
    return np.pad(grid, (0, side - size)).ravel()


SOLVERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "queens": place_queens,
    "coloring": colour_vertices,
    "life": live_on,
    "maze": walk,
    "sudoku": fill_in,
}


@pytest.mark.parametrize("case", [case for case in CASES if case.split()[0] in SOLVERS])
def test_a_solver_that_reads_the_question_alone_is_always_right(case: str) -> None:
    task, solve = task_of(case), SOLVERS[case.split()[0]]
    for split in task.info.test_splits:
        table = task.split(split)
        answers = np.stack([solve(question) for question in table.inputs]).astype(np.uint8)
        assert task.verify(table.inputs, answers).all()
        scores = task.score(table, Predictions(answers, np.ones(len(table), np.float32)))
        assert scores.per_puzzle.mean() == 1


def copies(task: Task, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Questions and answers of augmented training puzzles, and of votes."""
    table = task.split("train")
    arrays = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(len(table)))
    batch = Batch(*(torch.from_numpy(array.astype(np.int64)) for array in arrays))
    drawn = task.augment(batch, torch.Generator().manual_seed(seed))
    yield tuple(part.numpy().astype(np.uint8) for part in drawn[:2])
    votes = task.votes(3, seed).table
    yield votes.inputs, votes.labels


@pytest.mark.parametrize("case", CASES)
@given(seed=st.integers(0, 2**31))
@settings(max_examples=5)
def test_symmetries_keep_answers_right_and_votes_come_back(case: str, seed: int) -> None:
    task = task_of(case)
    for inputs, labels in copies(task, seed):
        assert task.verify(inputs, labels).all()
        other = (labels[1:] != labels[:-1]).any(axis=1) & (inputs[1:] != inputs[:-1]).any(axis=1)
        assert not task.verify(inputs[1:][other], labels[:-1][other]).all()
    votes, test = task.votes(3, seed), task.split("test")
    rows = np.random.default_rng(seed).permutation(len(votes.table))
    names = {name: row for row, name in enumerate(test.puzzle_ids.tolist())}
    origin = [names[name] for name in votes.table.puzzle_ids[rows].tolist()]
    for part in ("inputs", "labels"):
        restored = votes.restore(rows, getattr(votes.table, part)[rows])
        assert (restored == getattr(test, part)[origin]).all()
