"""Weights of the reference implementations come in, are tested, and go out again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.imported import CELL, SETTINGS, answers, imported, parts_of, save
from safetensors import safe_open

from trmbench.cli.main import run_command
from trmbench.evaluation.answers import RecursiveSolver, predict
from trmbench.experiment.cells import choose_cells
from trmbench.trial.weights import read_weights

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("model", "prefix"),
    [("trm", ""), ("trm", "_orig_mod.model."), ("trm", "model."), ("hrm", "model._orig_mod.")],
)
def test_imported_weights_answer_as_the_original_does(
    model: str, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = parts_of(model)
    original = save(parts, tmp_path / "step_1", prefix)
    solver = RecursiveSolver(original.eval(), None, torch.float32)
    table = parts.task.split("test")
    expected = predict(solver, table, 24, parts.streams, parts.device)
    results = tmp_path / "r"
    where = f"--results={results}"
    trial = imported(capsys, str(tmp_path / "step_1"), f"--model={model}", *CELL, where)
    assert pd.read_parquet(results / "trials")["status"].tolist() == ["imported"]
    assert run_command(["evaluate", trial, where]) == 0
    [row] = pd.read_parquet(results / "trials").to_dict("records")
    assert row["status"] == "finished" and row["label"] == f"{model} imported from step_1"
    assert json.loads(row["provenance"])["imported"]["file"] == "step_1"
    assert np.isnan(row["train_steps"])
    assert len(np.unique(expected.tokens)) > 1
    assert np.array_equal(answers(results), expected.tokens)


def test_imported_weights_are_not_taken_for_trained_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(parts_of("trm"), tmp_path / "w.pt")
    where = f"--results={tmp_path / 'r'}"
    trial = imported(capsys, str(tmp_path / "w.pt"), "--model=trm", *CELL, where)
    [cell] = choose_cells(["trm"], ["maze"], "mini", None, SETTINGS).cells
    [row] = pd.read_parquet(tmp_path / "r" / "trials").to_dict("records")
    assert row["cell_id"] != cell.cell_id
    assert trial != cell.trial(0, "r").trial_id
    assert run_command(["compare", where]) == 2
    assert "no trials" in capsys.readouterr().err


def test_exported_weights_come_back_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(parts_of("trm"), tmp_path / "w.pt", "_orig_mod.model.")
    where, file = f"--results={tmp_path / 'r'}", tmp_path / "w.safetensors"
    trial = imported(capsys, str(tmp_path / "w.pt"), "--model=trm", *CELL, where)
    assert run_command(["checkpoint", "export", trial[:6], "-o", str(file), where]) == 0
    before, after = read_weights(tmp_path / "w.pt"), read_weights(file)
    assert all(torch.equal(before[f"_orig_mod.model.{name}"], after[name]) for name in after)
    assert len(before) == len(after)
    with safe_open(file, "pt") as content:
        assert json.loads(content.metadata()["config"])["hidden_size"] == 16
    again = imported(capsys, str(file), "--model=trm", *CELL, f"--results={tmp_path / 's'}")
    assert again != trial  # another file, so another trial


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "_orig_mod.model.", "module.model."])
def test_names_without_the_outer_part_and_saved_rotary_tables_are_accepted(
    prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = parts_of("trm", **{"model.mixing": "attention", "model.position_encoding": "rope"})
    _, weights = parts.model_entry.spec.reference.export(parts.model)
    bare = {prefix + name.removeprefix("inner."): w.detach() for name, w in weights.items()}
    bare |= {f"{prefix}rotary_emb.{name}_cached": torch.zeros(36, 8) for name in ("cos", "sin")}
    torch.save(bare, tmp_path / "w.pt")
    settings = ["--set=model.mixing=attention", "--set=model.position_encoding=rope"]
    where = f"--results={tmp_path / 'r'}"
    file = tmp_path / "out.safetensors"
    trial = imported(capsys, str(tmp_path / "w.pt"), "--model=trm", *CELL, *settings, where)
    assert run_command(["checkpoint", "export", trial, "-o", str(file), where]) == 0
    kept = read_weights(file)
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], weights[name]) for name in kept)
