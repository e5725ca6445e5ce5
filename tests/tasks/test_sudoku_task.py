"""The Sudoku task: loading, augmentation, votes, verification, pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from rich.console import Console

from trmbench import Batch, PuzzleTable, Task, TrmbenchError
from trmbench_sudoku import SUDOKU
from trmbench_sudoku.options import SudokuOptions
from trmbench_sudoku.rules import rules_of
from trmbench_sudoku.symmetry import fixed_symmetries, from_keys, random_keys
from trmbench_sudoku.variants import Variants

SHARED = Path(os.environ.get("TRMBENCH_SHARED", Path(__file__).parents[2] / ".." / "shared"))
REAL = SHARED / "data" / "sudoku"
QUESTION = ".9.17....1..34..8...3..51...3..1...26......9...75..3....1.5.4..2.........6.7....8"
ANSWER = "594178236126349587783265149439617852652483791817592364971856423248931675365724918"


@pytest.fixture(scope="module")
def mini() -> Task:
    options = {**SUDOKU.presets["mini"].options, "train_puzzles": 200, "test_puzzles": 50}
    return SUDOKU.load(SudokuOptions(**options))


def nine(folder: Path, **options: Any) -> Task:
    line = f"source,question,answer,rating\ns,{QUESTION},{ANSWER},128\n"
    for name in ("train.csv", "test.csv"):
        (folder / name).write_text(line)
    return SUDOKU.load(SudokuOptions(path=str(folder), **options))


def batch_of(table: PuzzleTable, rows: Any = slice(None)) -> Batch:
    arrays = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(len(table)))
    return Batch(*(torch.from_numpy(array[rows].astype(np.int64)) for array in arrays))


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_tokens_are_pad_blank_and_digits(tmp_path: Path) -> None:
    task = nine(tmp_path)
    table = task.split("test")
    assert (task.info.vocab_size, task.info.seq_len, task.info.grid_shape) == (11, 81, (9, 9))
    assert table.inputs[0, :5].tolist() == [1, 10, 1, 2, 8]
    assert table.labels[0, :5].tolist() == [6, 10, 5, 2, 8]
    assert table.inputs.dtype == np.uint8 and table.puzzle_identifiers.dtype == np.int32


def test_mini_is_6x6_with_thirteen_clues(mini: Task) -> None:
    assert (mini.info.vocab_size, mini.info.seq_len, mini.info.grid_shape) == (8, 36, (6, 6))
    assert ((mini.split("train").inputs > 1).sum(axis=1) == 13).all()
    assert mini.split("train").labels.min() == 2 and mini.split("train").labels.max() == 7


def test_loading_twice_gives_the_same_puzzles(mini: Task) -> None:
    options = {**SUDOKU.presets["mini"].options, "train_puzzles": 200, "test_puzzles": 50}
    assert SUDOKU.load(SudokuOptions(**options)).info.fingerprint == mini.info.fingerprint
    other = SUDOKU.load(SudokuOptions(**options | {"data_seed": 1}))
    assert other.info.fingerprint != mini.info.fingerprint


def test_test_puzzles_do_not_depend_on_the_number_of_training_puzzles(mini: Task) -> None:
    options = {**SUDOKU.presets["mini"].options, "train_puzzles": 20, "test_puzzles": 50}
    table = SUDOKU.load(SudokuOptions(**options)).split("test")
    assert (table.inputs == mini.split("test").inputs).all()


def test_augmented_puzzles_are_valid_and_different(mini: Task) -> None:
    batch = batch_of(mini.split("train"))
    copy = mini.augment(batch, random(0))
    assert mini.verify(copy.inputs.numpy(), copy.labels.numpy()).all()
    assert (copy.inputs != batch.inputs).any(dim=1).all()
    assert ((copy.inputs > 1).sum(dim=1) == 13).all()
    again = mini.augment(batch, random(0))
    assert torch.equal(copy.inputs, again.inputs) and torch.equal(copy.labels, again.labels)
    assert torch.equal(copy.rows, batch.rows)


def test_augmentation_of_9x9_keeps_validity_and_the_padding(tmp_path: Path) -> None:
    task = nine(tmp_path)
    batch = batch_of(task.split("train"), [0] * 500)
    copy = task.augment(batch, random(0))
    assert task.verify(copy.inputs.numpy(), copy.labels.numpy()).all()
    assert len(copy.inputs.unique(dim=0)) == 500
    padded = task.augment(batch._replace(labels=torch.zeros_like(batch.labels)), random(0))
    assert not padded.labels.any()


def test_augmentation_can_be_switched_off(tmp_path: Path) -> None:
    task = nine(tmp_path, augment=False)
    batch = batch_of(task.split("train"))
    assert torch.equal(task.augment(batch, random(0)).inputs, batch.inputs)


@pytest.mark.parametrize("size", [4, 6, 9, 16])
def test_symmetries_are_uniform(size: int) -> None:
    count, rules = 40_000, rules_of(size)
    symmetries = from_keys(random_keys(count, rules, random(0)), rules)
    # Every cell comes from every cell, and every digit becomes every digit, equally often.
    for drawn, values in ((symmetries.cells, size**2), (symmetries.tokens[:, 2:], size)):
        for place in (0, drawn.shape[1] - 1):
            share = torch.bincount(drawn[:, place])[-values:] / count * values
            assert (share - 1).abs().max() < 0.25


@pytest.mark.parametrize("size", [4, 6, 9, 16])
def test_symmetries_map_units_to_units(size: int) -> None:
    rules = rules_of(size)
    units = {frozenset(unit) for unit in rules.units.tolist()}
    for cells in from_keys(random_keys(50, rules, random(1)), rules).cells.numpy():
        assert {frozenset(cells[unit].tolist()) for unit in rules.units} == units


def test_only_square_boxes_are_transposed() -> None:
    for size, transposed in ((6, False), (9, True)):
        rules = rules_of(size)
        cells = from_keys(random_keys(100, rules, random(1)), rules).cells
        swapped = cells[:, 0] % size == cells[:, 1] % size
        assert swapped.any().item() is transposed


def test_variants_are_fixed_and_few(tmp_path: Path) -> None:
    task = nine(tmp_path, variants=4)
    batch = batch_of(task.split("train"), [0] * 300)
    copies = [task.augment(batch, random(seed)).inputs.unique(dim=0) for seed in (0, 1)]
    # Four variants and the puzzle itself, whatever the trial's seed.
    assert len(copies[0]) == 5 and torch.equal(copies[0], copies[1])
    assert (copies[0] == batch.inputs[0]).all(dim=1).any()
    other = nine(tmp_path, variants=4, data_seed=1).augment(batch, random(0)).inputs.unique(dim=0)
    assert not torch.equal(other, copies[0])


def test_variants_of_two_rows_differ(tmp_path: Path) -> None:
    task = nine(tmp_path, variants=4)
    batch = batch_of(task.split("train"), [0] * 200)
    moved = batch._replace(rows=batch.rows + 1)
    sets = [
        {tuple(row) for row in task.augment(part, random(0)).inputs.tolist()}
        for part in (batch, moved)
    ]
    assert sets[0] & sets[1] == {tuple(batch.inputs[0].tolist())}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 4))
def test_votes_are_valid_copies_and_restore_is_their_inverse(
    mini: Task, seed: int, count: int
) -> None:
    test, votes = mini.split("test"), mini.votes(count, seed)
    assert len(votes.table) == count * len(test)
    assert mini.verify(votes.table.inputs, votes.table.labels).all()
    assert (votes.table.inputs[::count] == test.inputs).all()
    rows = np.random.default_rng(seed).permutation(len(votes.table))
    originals = np.repeat(np.arange(len(test)), count)[rows]
    for name in ("inputs", "labels"):
        restored = votes.restore(rows, getattr(votes.table, name)[rows])
        assert (restored == getattr(test, name)[originals]).all()
    assert (votes.table.puzzle_ids[rows] == test.puzzle_ids[originals]).all()


def test_votes_are_fixed_by_their_seed(mini: Task) -> None:
    first, again, other = (mini.votes(3, seed).table.inputs for seed in (5, 5, 6))
    assert (first == again).all() and (first != other).any()


def test_verify_refuses_broken_rules_and_changed_clues(tmp_path: Path) -> None:
    task = nine(tmp_path)
    table = task.split("test")
    right = table.labels[0]
    swapped = np.where(right == 2, 3, np.where(right == 3, 2, right))  # rules hold, clues do not
    doubled, blank, padded = right.copy(), right.copy(), right.copy()
    doubled[0], blank[0], padded[0] = doubled[1], 1, 0
    answers = np.stack([right, swapped, doubled, blank, padded]).astype(np.uint8)
    assert task.verify(np.repeat(table.inputs, 5, 0), answers).tolist() == [True] + [False] * 4


@pytest.mark.parametrize("size", [4, 6, 9, 16])
def test_rules_see_a_fault_in_every_kind_of_unit(size: int) -> None:
    height, width = {4: (2, 2), 6: (2, 3), 9: (3, 3), 16: (4, 4)}[size]
    row, column = np.divmod(np.arange(size**2), size)
    latin = (row + column) % size + 1  # rows and columns right, boxes wrong
    valid = (row % height * width + row // height + column) % size + 1
    rows_only = column + 1
    grids = np.stack([valid, latin, rows_only, rows_only.reshape(size, size).T.ravel()])
    assert rules_of(size).solved(grids.astype(np.uint8)).tolist() == [True, False, False, False]


def test_render_shows_digits_and_boxes(tmp_path: Path) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        tokens = nine(tmp_path).split("test").inputs[0].copy()
        tokens[0] = 0
        console.print(nine(tmp_path).render(tokens))
    lines = capture.get().splitlines()
    assert lines[0].strip() == "┌───────┬───────┬───────┐" and len(lines) == 13
    assert lines[1].strip() == "│ ? 9 · │ 1 7 · │ · · · │"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 8}, "task.size=8"),
        ({"size": 6}, "task.size=6 is not published"),
        ({"source": "generated", "size": 6, "clues": 7}, "task.clues=7"),
        ({"source": "generated", "clues": 16}, "task.clues=16.*17 to 81"),
        ({"variants": -1}, "task.variants=-1"),
        ({"test_sizes": "4,9"}, "task.test_sizes=4,9"),
        ({"test_sizes": "16,x"}, "task.test_sizes=16,x"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        SudokuOptions(**options)


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (QUESTION, ANSWER[:-1] + "7", "contradicts its clues or the rules"),
        ("." * 81, "1" * 81, "contradicts its clues or the rules"),
        (QUESTION[:-1], ANSWER, "the question has 80 characters instead of 81"),
        (QUESTION, ANSWER.replace("5", "."), r"the answer has '\.' at position 1"),
    ],
)
def test_a_bad_puzzle_is_named_by_file_and_line(
    tmp_path: Path, question: str, answer: str, message: str
) -> None:
    nine(tmp_path)
    with (tmp_path / "test.csv").open("a") as file:
        file.write(f"s,{question},{answer},1\n")
    with pytest.raises(TrmbenchError, match=rf"test.csv, line 3: .*{message}"):
        SUDOKU.load(SudokuOptions(path=str(tmp_path)))


@pytest.mark.skipif(not REAL.exists(), reason="the reference data is not here")
def test_the_real_puzzles_load() -> None:
    task = SUDOKU.load(SudokuOptions(path=str(REAL), variants=1000, train_puzzles=1000))
    train, test = task.split("train"), task.split("test")
    assert (len(train), len(test)) == (1000, 8765)
    assert task.verify(test.inputs, test.labels).all()
    assert not set(train.puzzle_ids) & set(test.puzzle_ids)
    whole = SUDOKU.load(SudokuOptions(path=str(REAL), test_puzzles=10))
    assert len(whole.split("train")) == 40_000
    assert set(train.puzzle_ids) < set(whole.split("train").puzzle_ids)


@pytest.mark.parametrize("size", [4, 9])
def test_variants_that_are_looked_up_are_those_that_are_computed(size: int) -> None:
    rules, puzzles, count = rules_of(size), 100, 5
    kept = Variants(puzzles, count, 3, rules)._all(torch.device("cpu"))
    for row, variant in [(0, 0), (0, 5), (63, 1), (64, 2), (99, 5)]:
        place = row * (count + 1) + variant
        wanted = fixed_symmetries(torch.tensor([row]), torch.tensor([variant]), 3, rules)
        assert torch.equal(kept.cells[place].long(), wanted.cells[0])
        assert torch.equal(kept.tokens[place].long(), wanted.tokens[0])
