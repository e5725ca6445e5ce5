"""`trmbench score`: predictions that were made elsewhere, next to ours."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.trials import maze_trials

import trmbench
from trmbench import Task
from trmbench.cli.main import run_command
from trmbench.plugin import registry
from trmbench.store import Store

MAZE = {"task.train_puzzles": 20, "task.test_puzzles": 12, "task.size": 5}
FURTHER = {"task.min_path_length": 2, "task.source": "generated"}


@pytest.fixture(scope="module")
def task() -> Task:
    spec = registry.tasks().find("maze").spec
    options = {key.removeprefix("task."): value for key, value in {**MAZE, **FURTHER}.items()}
    loaded: Task = spec.load(spec.options(**{**spec.presets["mini"].options, **options}))
    return loaded


@pytest.fixture
def right(task: Task) -> dict[str, Any]:
    """Predictions of the test puzzles of which the last three are wrong."""
    table = task.split("test")
    answers = table.labels.copy()
    answers[-3:] = table.inputs[-3:]
    return {
        "puzzle_id": table.puzzle_ids.tolist(),
        "answer": task.write(answers),
        "confidence": np.linspace(0.99, 0.01, len(table)).tolist(),
    }


def _write(folder: Path, columns: Mapping[str, Any], suffix: str = ".csv") -> Path:
    file = folder / f"mine{suffix}"
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    if suffix == ".npz":
        np.savez(file, **{name: np.array(column) for name, column in columns.items()})
    elif suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    else:
        with file.open("w", newline="") as content:
            writer = csv.DictWriter(content, list(columns))
            writer.writeheader()
            writer.writerows(rows)
    return file


def _score(file: Path, *further: str, name: str = "mine") -> int:
    settings = [f"--set={key}={value}" for key, value in {**MAZE, **FURTHER}.items()]
    what = ["--task=maze", "--preset=mini", f"--name={name}", f"--results={file.parent / 'r'}"]
    return run_command(["score", str(file), *what, *settings, *further])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz", ".parquet"])
def test_every_format_gives_the_same_verified_rows(
    tmp_path: Path, right: dict[str, Any], suffix: str
) -> None:
    order = np.random.default_rng(0).permutation(len(right["answer"]))
    shuffled = {name: [column[row] for row in order] for name, column in right.items()}
    file = _write(tmp_path, shuffled, suffix)
    assert _score(file) == 0
    [row] = Store(tmp_path / "r").trials()
    assert (row["model"], row["status"], row["test_puzzles"]) == ("mine", "finished", 12)
    assert row["exact_accuracy"] == pytest.approx(9 / 12)
    assert row["primary_metric"] == "valid_accuracy"
    assert [row[name] for name in ("test_seconds", "train_seconds", "device")] == [None] * 3
    told = json.loads(row["config"])["predictions"]
    assert told == {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    puzzles = Store(tmp_path / "r").read("puzzles").to_pylist()
    assert [each["puzzle_id"] for each in puzzles] == right["puzzle_id"]
    assert [each["exact"] for each in puzzles] == [True] * 9 + [False] * 3
    assert puzzles[0]["halt_probability"] == pytest.approx(0.99)


def test_the_question_may_name_the_puzzle_and_tokens_the_answer(
    tmp_path: Path, task: Task, right: dict[str, Any]
) -> None:
    table = task.split("test")
    letters = dict(enumerate("?# SGo"))
    questions = ["".join(map(letters.__getitem__, row)) for row in table.inputs.tolist()]
    other = {
        "question": questions,
        "answer_tokens": task.read_answers(right["answer"]).tolist(),
        "cost": [1e6] * len(table),
        "candidates": [[text, text] for text in right["answer"]],
    }
    assert _score(_write(tmp_path, other, ".jsonl")) == 0
    [row] = Store(tmp_path / "r").trials()
    assert row["exact_accuracy"] == pytest.approx(9 / 12)
    assert row["flops_per_answer"] == 1e6
    assert row["candidates"] == 2
    assert json.loads(row["totals"])["oracle_pass@2"] == row["score"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz", ".parquet"])
def test_a_prediction_that_abstains_is_counted_as_such_and_not_as_missing(
    tmp_path: Path, right: dict[str, Any], suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = [row in (0, 11) for row in range(12)]  # one that would be right, one that is wrong
    answers = ["" if flag else text for flag, text in zip(silent, right["answer"], strict=True)]
    columns = {**right, "answer": answers, "abstained": silent}
    assert _score(_write(tmp_path, columns, suffix)) == 0
    assert "no answer" not in capsys.readouterr().err
    store = Store(tmp_path / "r")
    [row] = store.trials()
    assert json.loads(row["totals"])["abstained"] == pytest.approx(2 / 12)
    assert row["score"] == pytest.approx(8 / 12)
    puzzles = store.read("puzzles").to_pylist()
    assert [each["abstained"] for each in puzzles] == silent
    assert puzzles[0]["score"] == 0.0
    columns["abstained"] = ["perhaps", *silent[1:]]
    assert _score(_write(tmp_path, columns, ".jsonl"), name="other") == 2
    assert "row 1: its abstained is 'perhaps' — give true or false" in capsys.readouterr().err


def test_an_answer_is_one_of_its_candidates(
    tmp_path: Path, right: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    texts = right["answer"]
    several = [[text, text] for text in texts]
    several[3] = [texts[2], texts[4]]
    assert _score(_write(tmp_path, {**right, "candidates": several}, ".jsonl")) == 2
    said = "the answers to 1 of 12 puzzles are none of their candidates"
    assert f"{said} (first: {right['puzzle_id'][3]})" in capsys.readouterr().err


def test_predictions_of_a_trial_are_scored_as_the_trial_and_compared_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `solve` writes for the test puzzles goes back into `score`."""
    trials = maze_trials(tmp_path / "r", 2, **MAZE, **FURTHER, **{"execution.stack_seeds": False})
    for trial in trials:
        assert trmbench.run_trial(trial).status == "finished"
        table = trmbench.load_model(trial.trial_id, tmp_path / "r").task.split("test")
        found = trmbench.load_model(trial.trial_id, tmp_path / "r").solve(table.inputs)
        records = [each.record() for each in found]
        columns = {
            "puzzle_id": table.puzzle_ids.tolist(),
            "answer": [each["answer"] for each in records],
            "confidence": [each["confidence"] for each in records],
        }
        assert _score(_write(tmp_path, columns, ".parquet"), f"--seed={trial.seed}") == 0
    capsys.readouterr()
    assert run_command(["compare", f"--results={tmp_path / 'r'}"]) == 0
    printed = capsys.readouterr().out
    assert "mine" in printed
    assert "not compared" not in printed
    rows = Store(tmp_path / "r").trials()
    for trial in trials:
        ours, theirs = (
            next(r for r in rows if (r["model"], r["seed"]) == (name, trial.seed))
            for name in ("trm", "mine")
        )
        for column in ("score", "exact_accuracy", "cell_accuracy", "test_ids", "evaluation_id"):
            assert ours[column] == theirs[column], column
    assert len({row["cell_id"] for row in rows}) == 2  # two cells with two seeds each


def _changed(columns: dict[str, Any], kind: str) -> dict[str, Any]:
    if kind == "missing":
        return {name: column[1:] for name, column in columns.items()}
    if kind == "doubled":
        return {name: [*column, column[0]] for name, column in columns.items()}
    if kind == "unreadable":
        return {**columns, "answer": [*columns["answer"][:-1], "no maze"]}
    return {**columns, "puzzle_id": ["nobody", *columns["puzzle_id"][1:]]}


@pytest.mark.parametrize(
    ("kind", "words", "flags", "exact"),
    [
        ("missing", "no answer that can be read to 1 of 12", ["--allow-missing"], 8),
        ("doubled", "several answers to 1 of 12 puzzles", ["--allow-doubled"], 9),
        ("unreadable", "row 12: row 1, column 1", ["--allow-missing"], 9),
        ("unknown", "no puzzle of the task for 1 of", ["--allow-unknown", "--allow-missing"], 8),
    ],
)
def test_what_is_wrong_with_the_file_is_counted_and_refused_unless_allowed(
    tmp_path: Path,
    right: dict[str, Any],
    kind: str,
    words: str,
    flags: list[str],
    exact: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = _write(tmp_path, _changed(right, kind))
    assert _score(file) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1
    assert all(flag in error for flag in flags)
    assert not (tmp_path / "r").exists()
    assert _score(file, *flags) == 0
    assert words in capsys.readouterr().err  # said all the same
    assert Store(tmp_path / "r").trials()[0]["exact_accuracy"] == pytest.approx(exact / 12)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"confidence": ["3"] * 12}, "row 1: its confidence is '3' — give a number from 0 to 1"),
        ({"cost": ["-1"] * 12}, "row 1: its cost is '-1'"),
        ({"answers": ["x"] * 12}, "unknown column in"),
        ({"answer_tokens": ["1 2"] * 12}, "has answer and answer_tokens"),
    ],
)
def test_columns_that_are_none_are_refused(
    tmp_path: Path,
    right: dict[str, Any],
    changes: dict[str, Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _score(_write(tmp_path, {**right, **changes})) == 2
    assert words in capsys.readouterr().err


def test_another_file_of_the_same_name_and_seed_is_refused(
    tmp_path: Path, right: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _score(_write(tmp_path, right)) == 0
    assert _score(_write(tmp_path, right)) == 0  # the same predictions again
    assert _score(_write(tmp_path, {**right, "answer": right["answer"][::-1]})) == 2
    assert "seed 0 of mine has been scored from mine.csv" in capsys.readouterr().err
    assert _score(_write(tmp_path, right), name="trm") == 2
    assert "--name trm-elsewhere" in capsys.readouterr().err
