"""Weights of the reference implementations come in, are tested, and go out again."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from trmbench import PuzzleTable, Task, TaskInfo, TaskSpec
from trmbench.cli.main import run_command
from trmbench.evaluation.answers import RecursiveSolver, predict
from trmbench.experiment.cells import choose_cells
from trmbench.nn import PuzzleModel
from trmbench.plugin import registry
from trmbench.plugin.manager import Plugin
from trmbench.plugin.registry import Entry
from trmbench.spec import Preset
from trmbench.trial.build import TrialParts
from trmbench.trial.weights import read_weights

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


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
    assert not (tmp_path / "r" / "trials").exists()


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


# --- the reference implementation's own parameters ------------------------------------------------

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
