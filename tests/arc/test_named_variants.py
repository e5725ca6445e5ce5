"""ARC weights of the reference answer under the variants and rows that its identifiers name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import trmbench_hrm
import trmbench_trm
from trmbench import TaskInfo
from trmbench.cli.main import run_command
from trmbench.nn import PuzzleModel
from trmbench.trial import build as build_of_trials
from trmbench_arc import Arc1Options, vote
from trmbench_arc.arc import load
from trmbench_arc.grids import VOCABULARY, encode
from trmbench_arc.variants import dihedral
from trmbench_arc.voting import parse_identifier

CANVAS, STEPS = 5, 2
SMALL: dict[str, Any] = {
    "width": 16,
    "heads": 2,
    "expansion": 2.0,
    "multiple_of": 8,
    "layers": 1,
    "mixing": "mlp",
    "position_encoding": "none",
    "puzzle_positions": 1,
    "T": 2,
    "n": 2,
    "supervision_steps": STEPS,
}
PLUGINS = {"trm": trmbench_trm, "hrm": trmbench_hrm}
TASKS = ("cccc0009", "bbbb0002", "aaaa0002", "bbbb0001", "aaaa0001")
"""One more task than the data set has, as ConceptARC's are."""


@pytest.fixture
def names() -> list[str]:
    """Identifiers as the reference's builder writes them: in an order, and variants, of its own."""
    random = np.random.default_rng(42)
    names = ["<blank>"]
    for task in TASKS:
        names.append(task)
        for _ in range(int(random.integers(3, 7))):
            colours = [0, *(1 + random.permutation(9)).tolist()]
            names.append(f"{task}|||t{random.integers(8)}|||{''.join(map(str, colours))}")
    return names


@pytest.fixture
def identifiers(names: list[str], tmp_path: Path) -> Path:
    file = tmp_path / "identifiers.json"
    file.write_text(json.dumps(names))
    return file


def build(name: str, rows: int) -> PuzzleModel:
    """A small model in which the puzzle embedding decides much."""
    torch.manual_seed(1)
    side = (CANVAS, CANVAS)
    info = TaskInfo("", "", "", VOCABULARY, CANVAS**2, side, num_puzzle_identifiers=rows)
    options = PLUGINS[name].Options(**SMALL)
    if name == "trm":
        from trmbench_trm.model import TRM

        model: PuzzleModel = TRM(options, info)
    else:
        from trmbench_hrm.model import HRM

        model = HRM(options, info)
    assert model.puzzle_embedding is not None
    with torch.no_grad():
        model.puzzle_embedding.weight.normal_(std=3.0)
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model.double()


def save(name: str, model: PuzzleModel, file: Path) -> None:
    _, weights = PLUGINS[name].export_reference(model)
    torch.save({f"_orig_mod.model.{key}": value for key, value in weights.items()}, file)


def command(name: str, weights: Path, folder: Path, *further: str) -> list[str]:
    settings = {f"model.{key}": value for key, value in SMALL.items()} | {
        "task.path": folder,
        "task.canvas": CANVAS,
        "train.precision": "float64",
        "execution.device": "cpu",
        "evaluation.votes": 100,
    }
    pairs = (f"--set={key}={value}" for key, value in settings.items())
    where = f"--results={folder / 'r'}"
    what = [str(weights), f"--model={name}", "--task=arc1", "--preset=mini"]
    return ["checkpoint", "import", *what, *pairs, where, *further]


def expected_votes(
    model: PuzzleModel, names: list[str], evaluation: dict[str, Any]
) -> dict[str, dict[bytes, int]]:
    """Per test puzzle the votes of each answer, from every named variant, written out."""
    numbers, inputs = [], []
    for number, name in enumerate(names):
        for pair in evaluation.get(name.split("|||")[0], {"test": []})["test"]:
            transform, colours = parse_identifier(name)
            grid = np.array(colours, np.uint8)[dihedral(np.array(pair["input"]), transform)]
            inputs.append(encode(grid, CANVAS))
            numbers.append(number)
    tokens, rows = torch.from_numpy(np.stack(inputs)).long(), torch.tensor(numbers)
    state = model.initial_state(len(rows))
    for _ in range(STEPS):
        with torch.no_grad():
            output = model(state, tokens, rows)
        state = output.state
    answers = output.logits.argmax(-1).numpy().astype(np.uint8)
    assert output.halt_logits is not None
    halting = output.halt_logits.numpy()
    counted = vote(names, rows.numpy(), np.stack(inputs), answers, halting, evaluation)
    return {
        f"{task}/test/{place}": {one.tokens: one.votes for one in tally.ranked()}
        for task, tallies in counted.tallies.items()
        for place, tally in enumerate(tallies)
    }


@pytest.mark.parametrize("name", PLUGINS)
def test_imported_weights_vote_with_exactly_the_named_variants_and_rows(
    name: str,
    folder: Path,
    names: list[str],
    identifiers: Path,
    evaluation: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = build(name, len(names))
    save(name, model, folder / "step_518071")
    if name == "hrm":  # its builder has a separator of its own
        identifiers.write_text(json.dumps([each.replace("|||", "_") for each in names]))
    asked = command(name, folder / "step_518071", folder, f"--identifiers={identifiers}")
    assert run_command(asked) == 0, capsys.readouterr().err
    trial = capsys.readouterr().out.split("as trial ")[1].split(".")[0]
    assert run_command(["evaluate", trial, f"--results={folder / 'r'}"]) == 0
    found: dict[str, dict[bytes, int]] = {}
    for row in pd.read_parquet(folder / "r" / "votes").to_dict("records"):
        found.setdefault(row["puzzle_id"], {})[row["answer"]] = row["votes"]
    assert found == expected_votes(model, names, evaluation)
    assert max(len(answers) for answers in found.values()) > 2
    [row] = pd.read_parquet(folder / "r" / "trials").to_dict("records")
    assert row["status"] == "finished"


def test_without_identifiers_the_weights_are_refused_in_one_line(
    folder: Path, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    own = load(Arc1Options(path=str(folder), canvas=CANVAS, variants=4)).info
    for rows in (len(names), own.num_puzzle_identifiers):  # as many rows do not mean the same rows
        save("trm", build("trm", rows), folder / "w.pt")
        asked = command("trm", folder / "w.pt", folder, "--set=task.variants=4")
        assert run_command(asked) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert "follow the variants of the data" in line and "add --identifiers FILE" in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda names: [*names, "dddd"], "puzzle identifiers, w.pt has"),
        (lambda names: [n for n in names if "bbbb0001" not in n], "names no variant of task bbbb0"),
        (lambda names: [n for n in names if n != "bbbb0001"], "does not name task bbbb0001 itself"),
        (lambda names: [*names[:-1], "bbbb0001|||t9|||0123456789"], "names no variant"),
        (lambda names: [*names, *names], "a variant of task bbbb0002 twice"),
        (lambda names: names[2:], "does not begin with '<blank>'"),
        (lambda names: {"names": names}, "is no list of names"),
    ],
)
def test_identifiers_of_other_data_give_one_line(
    change: Any,
    message: str,
    folder: Path,
    names: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save("trm", build("trm", len(names)), folder / "w.pt")
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(change(names)))
    assert run_command(command("trm", folder / "w.pt", folder, f"--identifiers={file}")) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (folder / "r" / "trials").exists()


def test_identifiers_that_changed_since_the_import_are_refused(
    folder: Path, names: list[str], identifiers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("trm", build("trm", len(names)), folder / "w.pt")
    asked = command("trm", folder / "w.pt", folder, f"--identifiers={identifiers}")
    assert run_command(asked) == 0
    trial = capsys.readouterr().out.split("as trial ")[1].split(".")[0]
    places = [place for place, name in enumerate(names) if name.startswith("bbbb0001|||")]
    swapped = list(names)
    swapped[places[0]], swapped[places[1]] = names[places[1]], names[places[0]]
    identifiers.write_text(json.dumps(swapped))
    build_of_trials._loaded.cache_clear()  # as another process would have it
    assert run_command(["evaluate", trial, f"--results={folder / 'r'}"]) != 0
    assert "changed since w.pt was imported" in capsys.readouterr().out.replace("\n", "")


def test_weights_exported_from_a_trial_of_our_own_need_no_identifiers(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trmbench.experiment.cells import choose_cells
    from trmbench.trial.run import run_trial

    settings = {"task.path": str(folder), "task.canvas": CANVAS, "task.variants": 3}
    settings |= {f"model.{key}": value for key, value in SMALL.items()}
    settings |= {"train.steps": 1, "train.batch_size": 2, "execution.device": "cpu"}
    [cell] = choose_cells(["trm"], ["arc1"], "mini", None, settings).cells
    trial = cell.trial(0, str(folder / "r"))
    assert run_trial(trial).error is None
    file = tmp_path / "own.safetensors"
    where = f"--results={folder / 'r'}"
    assert run_command(["checkpoint", "export", trial.trial_id, "-o", str(file), where]) == 0
    assert run_command(command("trm", file, folder, "--set=task.variants=3")) == 0
    assert "Imported" in capsys.readouterr().out


def test_named_variants_are_numbered_as_the_file_says(
    folder: Path, names: list[str], identifiers: Path
) -> None:
    arc = load(Arc1Options(path=str(folder), canvas=CANVAS, identifiers=str(identifiers)))
    assert arc.info.num_puzzle_identifiers == len(names)
    for name, own in zip(names, arc.identifier_names, strict=True):
        assert own == ("<blank>" if name.startswith("cccc") else name)


def test_a_public_name_without_identifiers_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *place: pytest.fail("fetched"))
    assert run_command(["checkpoint", "import", "trm-arc1-arcprize"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "build_arc_dataset.py writes for training evaluation concept" in line


def test_a_task_whose_identifiers_have_no_names_takes_no_file_of_them(
    identifiers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["checkpoint", "import", "hrm-maze", f"--identifiers={identifiers}"]
    assert run_command(asked) == 2
    assert "puzzle identifiers of task maze have no names" in capsys.readouterr().err
