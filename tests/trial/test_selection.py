"""Which checkpoint: the last one, or the one that answered held-out puzzles best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.synthetic import add_cell, bernoulli
from helpers.trials import maze_trials, stack_of

from trmbench.cli.main import run_command
from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
from trmbench.spec import Trial
from trmbench.spec.trials import row_name
from trmbench.store import Store
from trmbench.store.final import load_final
from trmbench.training.selection import Selection
from trmbench.trial.run import run_trial

SELECTED = {
    "train__select": "validation",
    "train__evaluate_every": 2,
    "train__ema": 0.0,
    "train__learning_rate": 3e-3,
    "train__steps": 12,
    "task__validation": 8,
    "task__test_puzzles": 8,
    "execution__stack_seeds": False,
}


def trained(folder: Path, seeds: int = 1, **changes: Any) -> list[Trial]:
    return maze_trials(folder, seeds, **{**SELECTED, **changes})


def rows_of(folder: Path, trial: Trial) -> dict[str, dict[str, Any]]:
    """The rows of a trial by the checkpoint that was tested."""
    rows = [row for row in Store(folder).trials() if row["trial_id"] == trial.trial_id]
    return {"last" if '"checkpoint": "last"' in row["config"] else "selected": row for row in rows}


def weights(folder: Path, trial: Trial) -> dict[str, torch.Tensor]:
    return dict(load_final(Store(folder).checkpoints(trial.trial_id)).raw)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trial]:
    folder = tmp_path_factory.mktemp("selected")
    [trial] = trained(folder)
    assert run_trial(trial).error is None
    return folder, trial


def test_both_checkpoints_have_rows_and_the_selected_one_is_the_trials(
    ran: tuple[Path, Trial],
) -> None:
    folder, trial = ran
    rows = rows_of(folder, trial)
    assert set(rows) == {"selected", "last"}
    assert rows["selected"]["evaluation_id"] == trial.evaluation_id
    assert rows["selected"]["selected_step"] in range(2, 13, 2)
    final = load_final(Store(folder).checkpoints(trial.trial_id))
    assert final.last is not None
    scores = [rows[which]["validation_accuracy"] for which in ("selected", "last")]
    assert scores[0] >= scores[1]


def test_selecting_leaves_the_training_as_it_was(ran: tuple[Path, Trial], tmp_path: Path) -> None:
    folder, trial = ran
    final = load_final(Store(folder).checkpoints(trial.trial_id))
    [plain] = trained(tmp_path, train__select="last", train__evaluate_every=None)
    assert plain.cell_id != trial.cell_id
    assert run_trial(plain).error is None
    assert final.last is not None
    for name, tensor in weights(tmp_path, plain).items():
        assert torch.equal(tensor, final.last.raw[name])


def test_an_interrupted_selection_goes_on_with_the_best_so_far(
    ran: tuple[Path, Trial], tmp_path: Path
) -> None:
    folder, trial = ran
    [again] = trained(tmp_path)
    asked = iter(range(100))
    assert run_trial(again, should_stop=lambda: next(asked) == 7).status == "interrupted"
    assert run_trial(again).error is None
    assert rows_of(tmp_path, again)["selected"]["resumed_from_step"] == 8
    for name, tensor in weights(tmp_path, again).items():
        assert torch.equal(tensor, weights(folder, trial)[name])


def test_compare_prints_the_optimism_and_pairs_both_with_nobody_else(tmp_path: Path) -> None:
    for trial in trained(tmp_path, 3):
        assert run_trial(trial).error is None
    add_cell(tmp_path, "hrm", bernoulli(3, 8, 0.3), puzzle_ids=_ids(tmp_path))
    found = compare_cells(Store(tmp_path), Question())
    names = [cell.name for cell in found.cells if cell.model == "trm"]
    assert len(names) == 2 and "checkpoint=last" in names[1]
    pairs = [{d.a.name, d.b.name} for d in found.differences]
    assert set(names) in pairs and {names[1], "hrm"} not in pairs and len(pairs) == 2
    [own] = [d for d in found.differences if {d.a.name, d.b.name} == set(names)]
    assert own.comparison is not None and own.comparison.paired
    [line] = [line for line in found.groups[0].cautions if "optimism" in line]
    assert line.startswith(f"{names[0]} selected its weights by held-out puzzles: ")
    assert "against its last weights" in line


def _ids(folder: Path) -> list[str]:
    store = Store(folder)
    return store.read("puzzles", names=[row_name(store.trials()[0])])["puzzle_id"].to_pylist()


@pytest.mark.slow  # stacking compiles
def test_stacked_seeds_select_each_its_own(tmp_path: Path) -> None:
    trials = trained(tmp_path, 2, execution__stack_seeds=True)
    run_trial(stack_of(trials))
    for trial in trials:
        assert set(rows_of(tmp_path, trial)) == {"selected", "last"}


def test_selection_needs_held_out_puzzles_and_a_reason_to_look(tmp_path: Path) -> None:
    [trial] = trained(tmp_path, task__validation=0)
    assert "there are none" in str(run_trial(trial).error)
    [trial] = trained(tmp_path, train__select="last", train__evaluate_every=None)
    command = ["run", "--model=trm", "--task=maze", f"--results={tmp_path}", "--dry-run"]
    assert run_command([*command, "--set", "train.evaluate_every=5"]) == 2
    assert run_command([*command, "--set", "train.select=test"]) == 2


def test_the_best_of_equals_is_the_first_and_a_copy() -> None:
    scores = iter([0.1, 0.5, 0.5, 0.2])
    selection = Selection(lambda raw, averages: next(scores), 1, 4)
    weight = torch.zeros(2)
    for step in range(1, 5):
        weight += 1
        selection.look(step, {"w": weight}, {})
    assert (selection.step, selection.best) == (2, 0.5)
    assert selection.raw["w"].tolist() == [2, 2]
    other = Selection(lambda raw, averages: 0.0, 1, 4)
    other.restore(*selection.saved())
    assert (other.step, other.best) == (2, 0.5) and np.array_equal(other.raw["w"], [2, 2])
