"""Sudokus of further sizes: on one canvas with the ones trained on, each in a split of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from trmbench import Batch, Task
from trmbench.testing import assert_task_conforms
from trmbench_sudoku import SUDOKU
from trmbench_sudoku.canvas import Canvas
from trmbench_sudoku.generate import generate
from trmbench_sudoku.options import SudokuOptions

SMALL = {
    **SUDOKU.presets["mini"].options, "train_puzzles": 30, "test_puzzles": 20,
    "test_sizes": "4,9,16",
}  # fmt: skip


@pytest.fixture(scope="module")
def sizes() -> Task:
    return SUDOKU.load(SudokuOptions(**SMALL))


def test_each_size_is_a_split_and_the_one_trained_on_is_the_test(sizes: Task) -> None:
    assert sizes.info.test_splits == ("test", "4x4", "9x9", "16x16")
    assert sizes.info.grid_shape == (16, 16) and sizes.info.vocab_size == 18
    for name, size in (("train", 6), ("test", 6), ("4x4", 4), ("9x9", 9), ("16x16", 16)):
        table = sizes.split(name)
        inside = np.pad(np.ones((size, size), bool), (0, 16 - size)).ravel()
        for tokens in (table.inputs, table.labels):
            assert ((tokens != 0) == inside).all() and tokens.max() == size + 1
    assert len(sizes.split("16x16")) == 20


def test_puzzles_are_the_same_as_without_further_sizes(sizes: Task) -> None:
    plain = SUDOKU.load(SudokuOptions(**SMALL | {"test_sizes": None}))
    places = Canvas((6, 16)).places(6)
    for name in ("train", "test"):
        assert (sizes.split(name).inputs[:, places] == plain.split(name).inputs).all()


def test_the_solver_finds_one_solution_of_every_puzzle_and_only_that_counts(sizes: Task) -> None:
    for name in ("train", *sizes.info.test_splits):
        table = sizes.split(name)
        assert (sizes.solutions(table.inputs) == 1).all()
        assert sizes.verify(table.inputs, table.labels).all()
        outside = np.where(table.labels == 0, 7, table.labels).astype(np.uint8)
        assert sizes.verify(table.inputs, outside).all()  # nothing is asked there
        assert not sizes.verify(table.inputs, np.roll(table.labels, 1, axis=0)).any()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31))
def test_copies_stay_in_their_place_and_are_right(sizes: Task, seed: int) -> None:
    table = sizes.split("train")
    arrays = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(len(table)))
    batch = Batch(*(torch.from_numpy(array.astype(np.int64)) for array in arrays))
    copy = sizes.augment(batch, torch.Generator().manual_seed(seed))
    inputs, labels = copy.inputs.numpy(), copy.labels.numpy()
    assert sizes.verify(inputs, labels).all() and (inputs != table.inputs).any(axis=1).all()
    assert ((inputs != 0) == (table.inputs != 0)).all()
    votes, test = sizes.votes(2, seed), sizes.split("test")
    assert sizes.verify(votes.table.inputs, votes.table.labels).all()
    assert (votes.restore(np.arange(40), votes.table.labels)[1::2] == test.labels).all()


def test_letters_follow_nine_and_each_size_is_drawn_alone(sizes: Task) -> None:
    large = sizes.split("16x16")
    drawn = sizes.render(large.labels[0]).plain
    assert len(drawn.splitlines()) == 16 + 5 and all(letter in drawn for letter in "9ABCDEFG")
    small = sizes.split("4x4")
    answer = small.labels[0].copy()
    answer[3] = 0  # what a model may say
    assert len(sizes.render_answer(answer, small.labels[0]).plain.splitlines()) == 4 + 3
    assert sizes.info.writing.read("#" * 256).tolist() == [0] * 256


def test_16x16_is_generated_as_asked_for_and_extends() -> None:
    few, more = (generate(count, 16, 140, 3, tell_orbits=False) for count in (3, 6))
    assert (few.inputs == more.inputs[:3]).all()
    assert ((more.inputs > 0).sum(axis=1) == 140).all()
    assert ((more.inputs == 0) | (more.inputs == more.labels)).all()


@pytest.mark.slow
def test_a_task_of_several_sizes_conforms() -> None:
    assert_task_conforms(SUDOKU, preset="mini-sizes")
