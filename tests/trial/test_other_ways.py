"""The noise floor: one checkpoint, tested in ways that should change nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers.trials import SMALL

from trmbench.cli.main import run_command
from trmbench.errors import TrmbenchError
from trmbench.experiment.cells import choose_cells
from trmbench.experiment.plan import plan
from trmbench.spec import Solver, Trial
from trmbench.store import Store
from trmbench.trial import variants
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial
from trmbench.trial.solver import solver_of
from trmbench.trial.variants import noise_floor


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A TRM that has learned 4x4 Sudokus a little."""
    folder = tmp_path_factory.mktemp("variants")
    settings = {
        **SMALL,
        "task.size": 4,
        "task.clues": 8,
        "task.train_puzzles": 60,
        "task.test_puzzles": 60,
        "train.steps": 120,
        "train.batch_size": 32,
        "train.ema": 0.9,
        "train.learning_rate": 3e-3,
        "model.width": 32,
    }
    cells = choose_cells(["trm"], ["sudoku"], "mini", None, settings).cells
    [trial] = plan(cells, range(1), Store(folder)).trials
    assert run_trial(trial).error is None
    return trial


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(parts: TrialParts, compile: bool = False) -> Solver:
        if compile:
            raise TrmbenchError("there is no C++ compiler")
        return solver_of(parts)

    monkeypatch.setattr(variants, "solver_of", refused)


def test_each_variant_has_a_rate_and_a_share_that_flips(trained: Trial) -> None:
    store = Store(trained.results)
    found = {each.name: each for each in noise_floor(trained, store, lambda name: None)}
    assert list(found) == ["again", "batches of 85", "bfloat16", "compiled", "symbols renamed"]
    assert found["again"].flipped == 0
    assert found["compiled"].problem == "there is no C++ compiler"
    [row] = store.trials([trained.name])
    assert found["again"].score == pytest.approx(row["score"])
    told = json.loads(row["variants"])
    assert "compiled" not in told and set(told["bfloat16"]) == {"score", "flipped"}
    renamed = found["symbols renamed"]
    assert abs(renamed.score - row["score"]) <= renamed.flipped + 1e-9
    assert row["score"] > 0 and renamed.flipped > 0  # a small network knows its symbols apart


def test_answers_are_named_back_before_they_are_scored(trained: Trial) -> None:
    names = np.array([0, 1, 3, 4, 5, 2], np.uint8)
    given = variants.Predictions(tokens=names[np.arange(6)[None]], confidence=np.ones(1))
    back = variants._named_back(given, names)
    assert back.tokens.tolist() == [[0, 1, 2, 3, 4, 5]]


def test_evaluate_prints_the_variants_and_compare_the_floor(
    trained: Trial, capsys: pytest.CaptureFixture[str]
) -> None:
    where = f"--results={trained.results}"
    assert run_command(["evaluate", trained.trial_id, "--variants", where]) == 0
    shown = capsys.readouterr().out
    assert "puzzles that flip" in shown and "symbols renamed" in shown
    assert run_command(["compare", "--format=markdown", where]) == 0
    assert "noise floor" in capsys.readouterr().out
