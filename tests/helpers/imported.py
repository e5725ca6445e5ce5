"""Weights of a reference implementation, and their import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from trmbench.cli.main import run_command
from trmbench.experiment.cells import choose_cells
from trmbench.nn import PuzzleModel
from trmbench.trial.build import TrialParts

SETTINGS = {
    "task.train_puzzles": 8,
    "task.test_puzzles": 24,
    "model.width": 16,
    "model.supervision_steps": 2,
    "execution.device": "cpu",
}
CELL = [
    "--task=maze",
    "--preset=mini",
    *(f"--set={key}={value}" for key, value in SETTINGS.items()),
]


def parts_of(model: str, **overrides: Any) -> TrialParts:
    """A model with weights of a seed that no import has, and its task."""
    settings = SETTINGS | overrides
    [cell] = choose_cells([model], ["maze"], "mini", None, settings).cells
    return TrialParts(cell.trial(7, "unused"))


def save(parts: TrialParts, file: Path, prefix: str = "") -> PuzzleModel:
    """The reference's file of a model."""
    model: PuzzleModel = parts.model
    _, weights = parts.model_entry.spec.reference.export(model)
    torch.save({prefix + name: value.detach() for name, value in weights.items()}, file)
    return model


def imported(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Import; the trial's id."""
    assert run_command(["checkpoint", "import", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out.split("as trial ")[1].split(".")[0]


def answers(results: Path) -> np.ndarray:
    """What the tested trial answered, in the order of the puzzles."""
    rows = pd.read_parquet(results / "puzzles")["answer"]
    return np.stack([np.frombuffer(row, np.uint8) for row in rows])
