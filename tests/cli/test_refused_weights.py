"""Weights that are none, of another architecture or of another model are refused in one line."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.imported import CELL, parts_of, save

from trmbench.cli.main import run_command

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("overrides", "message", "hint"),
    [
        ({"model.layers": 3}, "model.layers is 3 in the weights, 2 in", "--set model.layers=3"),
        ({"model.width": 24}, "model.width is 24 in the weights, 16 in", "--set model.width=24"),
        (
            {"model.mixing": "attention"},
            "model.mixing is attention in the weights, mlp in",
            "--set model.mixing=attention",
        ),
        (
            {"model.separate_networks": True},
            "model.separate_networks is True in the weights, False in",
            "--set model.separate_networks=true",
        ),
        ({"model.features": 1}, "model.features is 1 in the weights, 2 in", "model.features=1"),
        ({"model.expansion": 8.0}, "hidden features (model.expansion) is", "check --task"),
        ({"task.size": 7}, "positions (of the grid", "check --task"),
        ({"model.puzzle_positions": 2}, "puzzle embedding (model.puzzle_positions)", "--set"),
        (
            {"model.mixing": "attention", "model.position_encoding": "rope"},
            "model.mixing is attention in the weights, mlp in",
            "--set model.mixing=attention --set model.position_encoding=rope",
        ),
        (
            {"model.position_encoding": "learned"},
            "learned positions (model.position_encoding) is True in the weights, False in",
            "--set model.position_encoding=learned",
        ),
    ],
)
def test_weights_of_another_architecture_are_refused_by_its_first_option(
    overrides: dict[str, Any],
    message: str,
    hint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(parts_of("trm", **overrides), tmp_path / "w.pt")
    command = ["checkpoint", "import", str(tmp_path / "w.pt"), "--model=trm", *CELL]
    assert run_command([*command, f"--results={tmp_path / 'r'}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line and hint in line
    assert not (tmp_path / "r").exists()


def test_weights_without_a_puzzle_embedding_ask_for_no_position_of_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(parts_of("trm", **{"model.puzzle_positions": 0}), tmp_path / "w.pt")
    command = ["checkpoint", "import", str(tmp_path / "w.pt"), "--model=trm", *CELL]
    command.append(f"--results={tmp_path / 'r'}")
    assert run_command([*command, "--set=model.puzzle_positions=2"]) == 2
    assert "try --set model.puzzle_positions=0" in capsys.readouterr().err
    assert run_command([*command, "--set=model.puzzle_positions=0"]) == 0


def test_attention_without_positions_is_imported_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(parts_of("trm", **{"model.mixing": "attention"}), tmp_path / "w.pt")
    command = ["checkpoint", "import", str(tmp_path / "w.pt"), "--model=trm", *CELL]
    command += ["--set=model.mixing=attention", f"--results={tmp_path / 'r'}"]
    assert run_command(command) == 0
    assert "import again with --set model.position_encoding=rope" in capsys.readouterr().err
    assert run_command([*command, "--set=model.position_encoding=rope"]) == 0
    assert capsys.readouterr().err == ""


class Dangerous:
    """Would create a file when unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        (b"", "no checkpoint that can be read"),
        (b"not a checkpoint", "no checkpoint that can be read"),
        ([1, 2], "holds list, not a state dict"),
        ({}, "holds dict, not a state dict"),
        ({"inner.q": 3}, "holds dict, not a state dict"),
        ({"weight": torch.zeros(2)}, "not weights of the reference implementation: weight"),
    ],
)
def test_a_bad_file_gives_one_line(
    content: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "w.pt"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    command = ["checkpoint", "import", str(file), "--model=trm", *CELL]
    assert run_command([*command, f"--results={tmp_path / 'r'}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "r").exists()


def test_code_in_a_checkpoint_is_not_executed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, trace = tmp_path / "w.pt", tmp_path / "trace"
    file.write_bytes(pickle.dumps({"inner.q": Dangerous(trace)}, protocol=2))
    command = ["checkpoint", "import", str(file), "--model=trm", *CELL]
    assert run_command([*command, f"--results={tmp_path / 'r'}"]) == 2
    assert not trace.exists()


def test_a_model_without_a_reference_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(parts_of("trm"), tmp_path / "w.pt")
    command = ["checkpoint", "import", str(tmp_path / "w.pt"), "--model=direct", "--task=maze"]
    command += ["--preset=mini", "--set=task.train_puzzles=8", "--set=task.test_puzzles=8"]
    assert run_command([*command, f"--results={tmp_path / 'r'}"]) == 2
    assert "model 'direct' has no reference implementation" in capsys.readouterr().err
