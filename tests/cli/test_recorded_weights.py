"""The reference implementations' own parameters, imported, answer as was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.imported import answers, imported

from trmbench import PuzzleTable, Task, TaskInfo, TaskSpec
from trmbench.cli.main import run_command
from trmbench.plugin import registry
from trmbench.plugin.manager import Plugin
from trmbench.plugin.registry import Entry
from trmbench.spec import Preset

pytestmark = pytest.mark.usefixtures("one_thread")

GOLDEN = {
    "hrm": ["--model=hrm", "--set=model.puzzle_positions=1", "--set=model.n=2"],
    "trm_att": ["--model=trm", "--set=model.T=3", "--set=model.n=2"],
    "trm_mlp": ["--model=trm", "--set=model.mixing=mlp", "--set=model.n=3"],
    "trm_single_z": ["--model=trm", "--set=model.features=1", "--set=model.n=2"],
    "trm_multi_z": ["--model=trm", "--set=model.features=7", "--set=model.n=6"],
}
"""What the parameters do not tell, and what is not the common part below."""
COMMON = [
    "--task=golden",
    "--preset=mini",
    "--set=model.mixing=attention",
    "--set=model.position_encoding=rope",
    "--set=model.layers=2",
    "--set=model.width=32",
    "--set=model.heads=4",
    "--set=model.expansion=4",
    "--set=model.multiple_of=256",
    "--set=model.puzzle_positions=4",
    "--set=model.T=2",
    "--set=model.supervision_steps=4",
    "--set=train.precision=float64",
    "--set=execution.device=cpu",
]


class GoldenTask(Task):
    """The puzzles of a recorded batch."""

    def __init__(self, arrays: Any) -> None:
        inputs = arrays["batch/inputs"].astype(np.uint8)
        names = np.array([str(row) for row in range(len(inputs))])
        identifiers = arrays["batch/puzzle_identifiers"].astype(np.int32)
        self._table = PuzzleTable(inputs, inputs, identifiers, names, names)
        config = json.loads(str(arrays["config"]))
        size = config["seq_len"]
        self.info = TaskInfo(
            "", "", "", config["vocab_size"], size, (1, size), config["num_puzzle_identifiers"]
        )

    def split(self, name: str) -> PuzzleTable:
        return self._table.select(slice(0)) if name == "validation" else self._table

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return (inputs == answers).all(1)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_references_own_parameters_answer_as_recorded(
    name: str,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arrays = np.load(shared / "golden" / f"{name}.npz")
    spec = TaskSpec("golden", "", {"mini": Preset()}, lambda options: GoldenTask(arrays))
    plugin = Plugin("golden", "tests", "0", None)
    monkeypatch.setattr(registry.tasks(), "entries", [Entry(spec, plugin)])
    weights = {
        f"_orig_mod.model.{key[6:]}": torch.from_numpy(arrays[key])
        for key in arrays
        if key.startswith("param/")
    }
    torch.save(weights, tmp_path / "golden.pt")
    where = f"--results={tmp_path / 'r'}"
    trial = imported(capsys, str(tmp_path / "golden.pt"), *COMMON, *GOLDEN[name], where)
    assert run_command(["evaluate", trial, where]) == 0
    assert np.array_equal(answers(tmp_path / "r"), arrays["eval/3/logits"].argmax(-1))
