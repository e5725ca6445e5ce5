"""Queens: every completion counts, and no test board is a training board seen from elsewhere."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from trmbench import Batch, Predictions, TrmbenchError
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_queens.board import (
    EMPTY,
    QUEEN,
    all_solutions,
    boards,
    completes,
    completions,
    orders,
    signatures,
)
from trmbench_queens.options import QueensOptions
from trmbench_queens.task import QueensTask, generate, load

SMALL = {"size": 6, "min_hidden": 3, "max_hidden": 5, "train_puzzles": 10, "test_puzzles": 6}


def _task(**options: Any) -> QueensTask:
    return load(QueensOptions(**SMALL | options))


def _attack(placement: tuple[int, ...]) -> bool:
    return any(
        abs(placement[a] - placement[b]) in (0, b - a)
        for a, b in itertools.combinations(range(len(placement)), 2)
    )


def test_queens_conforms() -> None:
    assert_task_conforms(registry.tasks().find("queens").spec)


@pytest.mark.parametrize("size, count", [(4, 2), (5, 10), (6, 4), (7, 40), (8, 92), (10, 724)])
def test_there_are_as_many_solutions_as_is_known(size: int, count: int) -> None:
    solutions = all_solutions(size)
    assert len(solutions) == count == len({tuple(row) for row in solutions.tolist()})
    assert not any(_attack(tuple(row)) for row in solutions.tolist())


@given(st.permutations(range(6)))
def test_verification_agrees_with_the_rules(placement: list[int]) -> None:
    answer = boards(np.array([placement]), np.ones((1, 6), bool))
    nothing_given = np.full_like(answer, EMPTY)
    assert completes(nothing_given, answer, 6)[0] == (not _attack(tuple(placement)))


def test_every_completion_counts_and_nothing_else() -> None:
    task = _task()
    table = task.split("test")
    solutions = boards(all_solutions(6), np.ones((4, 6), bool))
    for row, question in enumerate(table.inputs):
        right = [s for s in solutions if (s[question == QUEEN] == QUEEN).all()]
        for answer in solutions:
            scores = task.score(
                table.select(slice(row, row + 1)), Predictions(answer[None], np.ones(1))
            )
            assert scores.per_puzzle[0] == any((answer == other).all() for other in right)
        assert task.solutions(question[None]).tolist() == [len(right)]
    moved = table.labels.copy()
    moved[:, 0] = np.where(moved[:, 0] == QUEEN, EMPTY, QUEEN)
    assert not task.verify(table.inputs, moved).any()
    assert not task.verify(table.inputs, np.zeros_like(moved)).any()


def test_some_puzzles_have_several_completions() -> None:
    options = QueensOptions()
    puzzles = generate(100, options)
    solutions = boards(all_solutions(8), np.ones((92, 8), bool))
    counts = [
        (solutions[:, question == QUEEN] == QUEEN).all(axis=1).sum() for question in puzzles.inputs
    ]
    assert min(counts) >= 1 and max(counts) > 3


def test_boards_differ_under_every_symmetry() -> None:
    task = _task()
    both = np.concatenate([task.split("train").inputs, task.split("test").inputs])
    assert len(set(signatures(both, 6))) == len(both)
    turned = both[:, orders(6)[5]]
    assert (signatures(turned, 6) == signatures(both, 6)).all()


def test_the_hidden_queens_are_as_many_as_asked_for() -> None:
    puzzles = generate(200, QueensOptions(min_hidden=5, max_hidden=7))
    hidden = 8 - (puzzles.inputs == QUEEN).sum(axis=1)
    assert set(hidden.tolist()) == {5, 6, 7}


def test_more_puzzles_begin_with_fewer() -> None:
    assert (_task().split("test").inputs == _task(train_puzzles=14).split("test").inputs).all()


def test_augmentation_draws_every_symmetry_and_keeps_answers_right() -> None:
    task = _task()
    table = task.split("train").select(np.zeros(400, int))
    parts = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(400))
    batch = Batch(*(torch.from_numpy(part).long() for part in parts))
    copies = task.augment(batch, torch.Generator().manual_seed(0))
    assert len(copies.inputs.unique(dim=0)) > 3
    assert task.verify(copies.inputs.byte().numpy(), copies.labels.byte().numpy()).all()
    assert _task(augment=False).augment(batch, torch.Generator()) is batch


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"size": 3}, "task.size=3"),
        ({"size": 13}, "task.size=13"),
        ({"min_hidden": 0}, "task.min_hidden=0"),
        ({"max_hidden": 6}, "task.max_hidden=6"),
        ({"source": "hub"}, "task.source=hub"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrmbenchError, match=reason):
        QueensOptions(**SMALL | options)


def test_more_boards_than_there_are_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="different boards of 6x6 cells"):
        _task(train_puzzles=500)


def test_completions_are_counted() -> None:
    every = all_solutions(6)
    assert completions(boards(every, np.zeros((len(every), 6), bool)), 6).tolist() == [4] * 4
    assert completions(boards(every, np.ones((len(every), 6), bool)), 6).tolist() == [1] * 4
