"""A search that stands on stored weights, such as imported ones, instead of training its base."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from trmbench.config.cell import Cell
from trmbench.experiment.cells import choose_cells
from trmbench.experiment.plan import reevaluation
from trmbench.spec.ids import trial_hash
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial
from trmbench.trial.weights import import_weights

DATA = {"task.train_puzzles": 8, "task.test_puzzles": 24, "execution.device": "cpu"}


def cell_of(model: str, **changes: Any) -> Cell:
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return choose_cells([model], ["maze"], "mini", None, DATA | settings).cells[0]


@pytest.fixture
def imported(tmp_path: Path) -> str:
    """The id of an imported TRM, whose width is not the preset's."""
    cell = cell_of("trm", model__width=16, model__supervision_steps=2)
    parts = TrialParts(cell.trial(7, "unused"), train_base=lambda trial: None)
    _, weights = parts.model_entry.spec.reference.export(parts.model)
    torch.save({name: value.detach() for name, value in weights.items()}, tmp_path / "w.pt")
    return import_weights(tmp_path / "w.pt", cell, Store(tmp_path / "r")).trial_id


def searched(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """The row of a search that was run."""
    trial = cell_of("ptrm", **changes).trial(0, str(tmp_path / "r"))
    run_trial(trial)
    [row] = Store(trial.results).trials([trial.name])
    return row


def answers(tmp_path: Path, name: str) -> list[bytes]:
    found: list[bytes] = pd.read_parquet(tmp_path / "r" / "puzzles" / f"{name}.parquet")[
        "answer"
    ].tolist()
    return found


def test_without_noise_it_answers_as_the_imported_weights_do(imported: str, tmp_path: Path) -> None:
    row = searched(tmp_path, model__base_trial=imported, model__noise=0.0, model__rollouts=2)
    assert row["status"] == FINISHED
    assert json.loads(row["provenance"])["imported"]["file"] == "w.pt"
    alone = reevaluation(Store(tmp_path / "r"), imported, {})
    assert run_trial(alone, again=True).status == FINISHED
    ours = answers(tmp_path, f"{row['trial_id']}-{row['evaluation_id']}")
    assert ours == answers(tmp_path, alone.name) and len(set(ours)) > 1
    assert json.loads(row["totals"])["oracle_pass@2"] == row["score"]
    checkpoints = {path.name for path in (tmp_path / "r" / "checkpoints").iterdir()}
    assert checkpoints == {imported, row["trial_id"]}, "nothing was trained"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model__base_trial": "no_such_id"}, "no trial 'no_such_id'"),
        ({"task__test_puzzles": 12}, "add --set task.test_puzzles=24"),
        ({"model__base": "hrm"}, "is of trm on maze, not of hrm"),
    ],
)
def test_a_base_that_does_not_fit_is_refused(
    changes: dict[str, Any], message: str, imported: str, tmp_path: Path
) -> None:
    row = searched(tmp_path, **{"model__base_trial": imported, **changes})
    assert row["status"] == FAILED and message in row["error"]


def test_the_beginning_of_an_id_is_not_enough(imported: str, tmp_path: Path) -> None:
    row = searched(tmp_path, model__base_trial=imported[:5])
    assert row["status"] == FAILED and "give the whole id" in row["error"]


def test_a_trial_without_weights_is_no_base(imported: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "r")
    trained = store.trial_of(store.find_trial(imported)[0])
    other = trial_hash(trained.cell_id, 7)
    store.write_trial(dataclasses.replace(trained, trial_id=other, seed=7), {"status": FAILED})
    row = searched(tmp_path, model__base_trial=other)
    assert row["status"] == FAILED and "has no final weights" in row["error"]


def test_the_best_candidate_of_each_puzzle_is_an_oracle_figure(
    imported: str, tmp_path: Path
) -> None:
    row = searched(tmp_path, model__base_trial=imported, model__rollouts=4)
    totals = json.loads(row["totals"])
    assert row["score"] <= totals["oracle_pass@4"] <= 1
    name = f"{row['trial_id']}-{row['evaluation_id']}"
    puzzles = pd.read_parquet(tmp_path / "r" / "puzzles" / f"{name}.parquet")
    assert (puzzles["candidates_right"] > 0).mean() == totals["oracle_pass@4"]
    first = puzzles["right_by_score"].map(lambda ranked: ranked[0])
    assert (first == puzzles["valid"]).all(), "it chooses by the scores that it gives"
    voted = searched(tmp_path, model__base_trial=imported, model__rollouts=4, evaluation__votes=2)
    assert not any("pass" in name for name in json.loads(voted["totals"]))
    assert np.isfinite(voted["score"])
