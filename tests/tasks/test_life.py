"""Life: the labels follow the rules, further generations are splits, no board is another's copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

import trmbench_life
from trmbench import Batch, TrmbenchError
from trmbench.testing import assert_task_conforms
from trmbench_life.board import MARK, after, cells, encode, next_generation, signatures
from trmbench_life.options import LifeOptions
from trmbench_life.task import LifeTask, load

[LIFE] = trmbench_life.trmbench_tasks()


def _task(**options: Any) -> LifeTask:
    return load(LifeOptions(**{"size": 6, "train_puzzles": 40, "test_puzzles": 20, **options}))


def _by_hand(board: np.ndarray) -> np.ndarray:
    size = len(board)
    then = np.zeros_like(board)
    for row in range(size):
        for column in range(size):
            near = sum(
                board[(row + i) % size, (column + j) % size]
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                if (i, j) != (0, 0)
            )
            then[row, column] = near == 3 or (near == 2 and board[row, column])
    return then


boards = st.lists(st.booleans(), min_size=25, max_size=25).map(
    lambda bits: np.array(bits, bool).reshape(1, 5, 5)
)


def test_life_conforms() -> None:
    assert_task_conforms(LIFE)


@given(boards)
@settings(max_examples=30, deadline=None)
def test_a_generation_follows_the_rules(board: np.ndarray) -> None:
    assert (next_generation(board)[0] == _by_hand(board[0])).all()


@given(boards, st.integers(0, 7), st.integers(0, 4), st.integers(0, 4), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_shifted_turned_and_mirrored_boards_stay_so(
    board: np.ndarray, turns: int, down: int, right: int, steps: int
) -> None:
    order = cells(np.array([turns]), np.array([down]), np.array([right]), 5)[0]
    copy = board.reshape(1, -1)[:, order].reshape(1, 5, 5)
    ahead = np.array([steps])
    assert signatures(copy) == signatures(board)
    assert (after(copy, ahead).reshape(-1) == after(board, ahead).reshape(-1)[order]).all()


def test_every_split_asks_for_its_own_generations() -> None:
    task = _task()
    assert task.info.test_splits == ("test", "+1", "+2", "+3", "+10")
    asked = {
        name: set((task.split(name).inputs == MARK).sum(axis=1).tolist())
        for name in ("train", *task.info.test_splits)
    }
    assert asked["train"] == asked["test"] == {1, 2, 3}
    assert [asked[name] for name in task.info.test_splits[1:]] == [{4}, {5}, {6}, {13}]
    for name in task.info.test_splits:
        table = task.split(name)
        assert task.verify(table.inputs, table.labels).all()
        wrong = table.labels.copy()
        wrong[:, -1] = 3 - wrong[:, -1]
        assert not task.verify(table.inputs, wrong).any()


def test_no_board_of_a_split_is_a_copy_of_one_elsewhere() -> None:
    task = _task()
    head = task._options.header * 6
    every = np.concatenate(
        [task.split(name).inputs[:, head:] for name in ("train", *task.info.test_splits)]
    )
    assert len(set(signatures(every.reshape(-1, 6, 6)).tolist())) == len(every)
    more = _task(train_puzzles=80)
    assert (task.split("+10").inputs == more.split("+10").inputs).all()


def test_augmentation_moves_the_board_and_leaves_the_marks() -> None:
    task = _task()
    table = task.split("train").select(np.zeros(300, int))
    parts = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(300))
    batch = Batch(*(torch.from_numpy(part).long() for part in parts))
    copies = task.augment(batch, torch.Generator().manual_seed(0))
    head = task._options.header * 6
    assert len(copies.inputs.unique(dim=0)) > 50
    assert torch.equal(copies.inputs[:, :head], batch.inputs[:, :head])
    assert task.verify(copies.inputs.byte().numpy(), copies.labels.byte().numpy()).all()
    assert _task(augment=False).augment(batch, torch.Generator()) is batch


def test_the_marks_are_the_generations_whatever_the_size() -> None:
    inputs, labels = encode(np.zeros((1, 4, 4), bool), np.array([6]), header=2)
    assert (inputs[0, :8] == MARK).sum() == 6 and (labels[0, :8] == 0).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"size": 3}, "task.size=3"),
        ({"source": "hub"}, "task.source=hub"),
        ({"further": "0"}, "task.further=0"),
        ({"further": "200"}, "at most 100 generations"),
        ({"min_density": 0.6}, "task.min_density=0.6"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrmbenchError, match=reason):
        LifeOptions(**options)


def test_more_boards_than_there_are_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="different boards of 4x4 cells"):
        _task(size=4, train_puzzles=5_000)
