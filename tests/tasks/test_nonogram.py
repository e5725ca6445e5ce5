"""Nonograms: every picture follows from its clues, whatever symmetry it is seen under."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from rich.console import Console

from trmbench import Batch, TrmbenchError
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_nonogram.generate import generate, signature
from trmbench_nonogram.layout import BLACK, NOTHING, PAD, UNKNOWN, WHITE, encode, margin, runs
from trmbench_nonogram.options import NonogramOptions
from trmbench_nonogram.solve import solve
from trmbench_nonogram.task import SYMMETRIES, NonogramTask, load, transformed

SMALL = {"size": 4, "train_puzzles": 40, "test_puzzles": 20}


def _task(**options: Any) -> NonogramTask:
    return load(NonogramOptions(**SMALL | options))


def _pictures(size: int, count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, size, size, generator=torch.Generator().manual_seed(seed)) < 0.6


def _solved(pictures: torch.Tensor) -> np.ndarray:
    domains, _ = solve(runs(pictures).numpy(), runs(pictures.mT).numpy())
    return domains


def _runs_of(line: list[bool]) -> list[int]:
    return [len(list(cells)) for black, cells in itertools.groupby(line) if black]


def test_nonogram_conforms() -> None:
    assert_task_conforms(registry.tasks().find("nonogram").spec)


@given(st.lists(st.booleans(), min_size=2, max_size=24))
@settings(max_examples=60, deadline=None)
def test_clues_are_the_runs_in_order(line: list[bool]) -> None:
    lengths = runs(torch.tensor([[line]]))[0, 0].tolist()
    wanted = _runs_of(line)
    assert lengths == [0] * (margin(len(line)) - len(wanted)) + wanted


def test_line_solving_is_exact_for_a_single_line() -> None:
    """Against all 2**9 lines: a cell is decided where all lines with these runs agree."""
    lines = np.array(list(itertools.product([False, True], repeat=9)))
    clues = [_runs_of(line) for line in lines.tolist()]
    rng = np.random.default_rng(0)
    for chosen in rng.choice(len(lines), 60, replace=False):
        same = lines[[other == clues[chosen] for other in clues]]
        # The columns' clues allow exactly what the row's solutions hold, so they add nothing.
        may = same.any(0) * 2 + (~same).any(0) * 1
        row = runs(torch.from_numpy(lines[chosen : chosen + 1])[None])
        from trmbench_nonogram.solve import _automaton, _narrow

        domains = np.full((1, 1, 9), 3, np.uint8)
        narrowed = _narrow(domains, list(_automaton(row.numpy())))
        assert narrowed[0, 0].tolist() == may.tolist()


def test_solver_never_excludes_the_truth() -> None:
    for size in (2, 5, 12, 24):
        pictures = _pictures(size, 50)
        truth = np.where(pictures.numpy(), 2, 1)
        assert ((_solved(pictures) & truth) == truth).all()


def test_solved_puzzles_have_one_solution() -> None:
    """Against all pictures of 3x3 cells."""
    every = torch.tensor(list(itertools.product([False, True], repeat=9))).reshape(-1, 3, 3)
    inputs = [tuple(row) for row in encode(every)[0].tolist()]
    domains = _solved(every)
    decided = (np.bitwise_and(domains, domains - 1) == 0).all(axis=(1, 2))
    assert decided.any()
    for row in np.flatnonzero(decided):
        assert inputs.count(inputs[row]) == 1


def test_generated_pictures_differ_under_symmetry_and_take_the_rounds() -> None:
    options = NonogramOptions(size=8, min_rounds=4)
    pictures = generate(60, options)
    assert len({signature(picture) for picture in pictures}) == 60
    tensor = torch.from_numpy(pictures)
    domains, rounds = solve(runs(tensor).numpy(), runs(tensor.mT).numpy())
    assert (domains == np.where(pictures, 2, 1)).all()
    assert rounds.min() >= 4


def test_more_puzzles_begin_with_fewer() -> None:
    assert (_task().split("test").inputs == _task(train_puzzles=80).split("test").inputs).all()


def test_only_cells_are_scored() -> None:
    inputs, labels = encode(_pictures(5, 3))
    grid = labels.reshape(3, 8, 8)
    assert (grid[:, :3] == PAD).all()
    assert (grid[:, :, :3] == PAD).all()
    assert set(grid[:, 3:, 3:].unique().tolist()) <= {WHITE, BLACK}
    assert (inputs.reshape(3, 8, 8)[:, :3, :3] == NOTHING).all()
    assert (inputs.reshape(3, 8, 8)[:, 3:, 3:] == UNKNOWN).all()


@pytest.mark.parametrize("number", range(SYMMETRIES))
def test_symmetries_have_inverses(number: int) -> None:
    pictures = _pictures(5, 4)
    symmetry = torch.full((4,), number)
    assert torch.equal(transformed(transformed(pictures, symmetry), symmetry, True), pictures)


def test_augmentation_draws_every_symmetry() -> None:
    task = _task(augment=True)
    table = task.split("train").select(np.zeros(400, int))
    parts = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(400))
    batch = Batch(*(torch.from_numpy(part).long() for part in parts))
    copies = task.augment(batch, torch.Generator().manual_seed(0))
    assert 1 < len(copies.inputs.unique(dim=0)) <= SYMMETRIES
    assert task.verify(copies.inputs.byte().numpy(), copies.labels.byte().numpy()).all()


def test_augmentation_can_be_switched_off() -> None:
    task = _task(augment=False)
    tokens = torch.from_numpy(task.split("train").inputs).long()
    batch = Batch(tokens, tokens, tokens[:, 0], tokens[:, 0])
    assert task.augment(batch, torch.Generator()) is batch


def test_one_wrong_cell_is_refused() -> None:
    table = _task().split("test")
    wrong = table.labels.copy()
    wrong[:, -1] = WHITE + BLACK - wrong[:, -1]
    assert not _task().verify(table.inputs, wrong).any()
    wrong[:, -1] = UNKNOWN
    assert not _task().verify(table.inputs, wrong).any()


def test_finished_picture_is_shown_with_its_clues() -> None:
    table = _task().split("test")
    console = Console(width=80)
    shown = []
    for tokens in (table.inputs[0], table.labels[0]):
        with console.capture() as capture:
            console.print(_task().render(tokens))
        shown.append(capture.get())
    assert "·" in shown[0]
    assert "██" in shown[1]
    assert shown[0].splitlines()[:2] == shown[1].splitlines()[:2]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"size": 1}, "task.size=1"),
        ({"size": 25}, "task.size=25"),
        ({"min_black": 0.8}, "task.min_black=0.8"),
        ({"source": "hub"}, "task.source=hub"),
        ({"path": "x"}, "task.source=path"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrmbenchError, match=reason):
        NonogramOptions(**options)


def test_pictures_that_are_too_rare_are_refused() -> None:
    with pytest.raises(TrmbenchError, match="of 60 Nonograms of 4x4 cells that take 30 rounds"):
        _task(min_rounds=30)
