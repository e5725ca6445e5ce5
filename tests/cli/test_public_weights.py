"""Public weights come in by their name, through the hub's client or from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from trmbench.cli.main import run_command
from trmbench.experiment.cells import choose_cells
from trmbench.nn import PuzzleModel
from trmbench.published.checkpoints import PublicWeights, public_weights
from trmbench.trial.build import TrialParts

SMALL = {
    "task.source": "generated",
    "task.train_puzzles": 4,
    "task.test_puzzles": 8,
    "model.width": 16,
    "model.heads": 2,
    "model.multiple_of": 8,
    "model.supervision_steps": 2,
    "execution.device": "cpu",
}
MAZE = {"task.size": 6, "task.min_path_length": 6}
PREFIX = {"alphaXiv": "model.", "Sanjin2024": "_orig_mod.model.", "sapientinc": "_orig_mod.model."}
"""Of the names in the files, by the owner of the repository."""
PUZZLES = [weights for weights in public_weights() if not weights.identifiers]


def small(weights: PublicWeights) -> dict[str, Any]:
    """Settings that shrink the published configuration."""
    return SMALL | (MAZE if weights.task == "maze" else {"task.size": 6})


def fake(weights: PublicWeights, file: Path) -> PuzzleModel:
    """Write a file in the layout of the public one, with the weights of a small model."""
    options = dict(pair.split("=") for pair in weights.options.split())
    cell = choose_cells([weights.model], [weights.task], "paper", None, small(weights) | options)
    parts = TrialParts(cell.cells[0].trial(7, "unused"), train_base=lambda trial: None)
    model: PuzzleModel = parts.model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    _, tensors = parts.model_entry.spec.reference.export(model)
    prefix = PREFIX[weights.repository.partition("/")[0]]
    torch.save({prefix + name: tensor.detach() for name, tensor in tensors.items()}, file)
    return model


def command(weights: PublicWeights, results: Path, *further: str) -> list[str]:
    settings = (f"--set={key}={value}" for key, value in small(weights).items())
    return ["checkpoint", "import", weights.name, *settings, f"--results={results}", *further]


@pytest.mark.parametrize("weights", PUZZLES, ids=lambda weights: weights.name)
def test_public_weights_are_fetched_by_name_and_tested(
    weights: PublicWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / weights.file
    fake(weights, file)
    asked = []
    monkeypatch.setattr(
        "huggingface_hub.hf_hub_download", lambda *place: asked.append(place) or str(file)
    )
    results = tmp_path / "r"
    assert run_command(command(weights, results)) == 0, capsys.readouterr().err
    assert asked == [(weights.repository, weights.file)]
    out = capsys.readouterr().out
    assert f"{weights.measured_by} measured {weights.expected} %" in out
    trial = out.split("as trial ")[1].split(".")[0]
    assert run_command(["evaluate", trial, f"--results={results}"]) == 0
    [row] = pd.read_parquet(results / "trials").to_dict("records")
    assert row["status"] == "finished" and row["test_puzzles"] == 8
    assert row["label"] == f"{weights.model} imported from {weights.name}"
    imported = json.loads(row["provenance"])["imported"]
    assert (imported["repository"], imported["file"]) == (weights.repository, weights.file)
    assert len(np.unique(pd.read_parquet(results / "puzzles")["answer"])) > 1


def test_a_local_file_takes_the_place_of_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, file = PUZZLES[0], tmp_path / "had_elsewhere"
    fake(weights, file)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *place: pytest.fail("asked"))
    assert run_command(command(weights, tmp_path / "r", f"--path={file}")) == 0
    assert f"Imported {file} as trial" in capsys.readouterr().out


def _no_network(*place: str) -> str:
    raise OSError("no way to the hub\nand more about it")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trm-sudoku-alphaxiv"], "cannot be downloaded: no way to the hub — get it elsewhere"),
        (["trm-sudoku-alphaxif"], "did you mean 'trm-sudoku-alphaxiv'"),
        (["hrm-maze", "--task=sudoku"], "hrm-maze are weights for task maze, not sudoku"),
        (["hrm-maze", "--model=trm"], "hrm-maze are weights for model hrm, not trm"),
        (["./w.pt", "--task=maze"], "add --model NAME --task NAME"),
    ],
)
def test_what_cannot_be_imported_gives_one_line(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("huggingface_hub.hf_hub_download", _no_network)
    assert run_command(["checkpoint", "import", *arguments, f"--results={tmp_path}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


def test_the_list_shows_where_weights_are_and_what_to_expect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["list", "weights"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    for weights, line in zip(public_weights(), lines, strict=True):
        parts = (weights.name, weights.repository, weights.file, weights.options, weights.expected)
        assert all(part in line for part in parts)
    assert run_command(["list", "weights", "--task=arc2"]) == 0
    assert "hrm-arc2" in (out := capsys.readouterr().out) and "hrm-maze" not in out
