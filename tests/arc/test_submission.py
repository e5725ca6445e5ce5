"""Submission files: their layout, and the command that writes them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from trmbench import TrmbenchError
from trmbench.spec.ids import short_hash, trial_hash
from trmbench_arc import Arc1Options, validate_submission, write_submission
from trmbench_arc.command import submit
from trmbench_arc.grids import encode
from trmbench_arc.submission import make_submission

ENTRY = {"attempt_1": [[1]], "attempt_2": [[2, 3]]}


@pytest.mark.parametrize(
    ("submission", "message"),
    [
        ([], "not a JSON object"),
        ({}, "task t is missing"),
        ({"t": [ENTRY, ENTRY], "u": []}, "task u is unknown"),
        ({"t": [ENTRY]}, "task t needs 2 answers"),
        ({"t": [ENTRY, {"attempt_1": [[1]]}]}, "task t, test input 1: not"),
        ({"t": [ENTRY, ENTRY | {"attempt_2": [[10]]}]}, "test input 1, attempt_2: colour 10"),
        ({"t": [ENTRY, ENTRY | {"attempt_2": []}]}, "test input 1, attempt_2: not a grid"),
    ],
)
def test_a_fault_in_the_layout_is_named(submission: Any, message: str) -> None:
    validate_submission({"t": [ENTRY, ENTRY]}, {"t": 2})
    with pytest.raises(TrmbenchError, match=message):
        validate_submission(submission, {"t": 2})


def test_the_best_answer_fills_missing_attempts() -> None:
    one, two = np.array([[1]], np.uint8), np.array([[2]], np.uint8)
    submission = make_submission({"t": [[one], [one, two]]})
    assert submission["t"][0] == {"attempt_1": [[1]], "attempt_2": [[1]]}
    assert submission["t"][1] == {"attempt_1": [[1]], "attempt_2": [[2]]}


def test_an_empty_answer_is_written_as_a_black_cell(tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    write_submission(make_submission({"t": [[]]}), {"t": 1}, path)
    assert json.loads(path.read_text()) == {"t": [{"attempt_1": [[0]], "attempt_2": [[0]]}]}
    assert [file.name for file in tmp_path.iterdir()] == ["submission.json"]


def test_a_place_that_cannot_be_written_to_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("no folder")
    with pytest.raises(TrmbenchError, match="cannot write"):
        write_submission({"t": [ENTRY]}, {"t": 1}, tmp_path / "nowhere" / "submission.json")


CELLS = {trial_hash(short_hash(name), 0): short_hash(name) for name in ("first", "second")}
FIRST, SECOND = CELLS
E0, E1 = "e" * 12, "f" * 12
EMPTY: dict[str, Any] = dict.fromkeys(("model", "train", "evaluation", "execution"), {})
VOTES = [
    ("bbbb0001/test/0", 1, 0.9, [[3]]),
    ("bbbb0001/test/0", 1, 0.1, [[9]]),
    ("bbbb0001/test/0", 2, 0.5, [[4, 4]]),
    ("bbbb0002/test/0", 4, 0.5, [[0], [3]]),
]


@pytest.fixture
def results(tmp_path: Path, folder: Path) -> Path:
    """A results folder with ARC trials that voted: FIRST, and SECOND with other votes."""
    root = tmp_path / "results"
    config = {"task": dataclasses.asdict(Arc1Options(path=str(folder), canvas=5)), **EMPTY}
    more = [("bbbb0001/test/0", 2, 0.8, [[9]]), ("bbbb0001/test/0", 1, 0.2, [[3]])]
    for trial, votes in ((FIRST, VOTES), (SECOND, more)):
        names = {"trial_id": trial, "evaluation_id": E0}
        row = {
            **names,
            "cell_id": CELLS[trial],
            "model": "trm",
            "preset": "paper",
            "seed": 0,
            "task": "arc1",
            "status": "finished",
            "votes": 2,
            "config": json.dumps(config),
        }
        answers = [
            {**names, "puzzle_id": puzzle, "votes": count, "mean_halt_probability": confidence,
             "answer": encode(np.array(grid, np.uint8), 5).tobytes()}
            for puzzle, count, confidence, grid in votes
        ]  # fmt: skip
        for dataset, rows in (("trials", [row]), ("votes", answers)):
            (root / dataset).mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows).to_parquet(root / dataset / f"{trial}-{E0}.parquet")
    return root


def add_evaluation(results: Path, split: str) -> None:
    """A further evaluation of FIRST."""
    row = pd.read_parquet(results / "trials" / f"{FIRST}-{E0}.parquet")
    config = json.loads(row["config"][0]) | {"evaluation": {"split": split}}
    row.assign(evaluation_id=E1, config=json.dumps(config)).to_parquet(
        results / "trials" / f"{FIRST}-{E1}.parquet"
    )


def test_the_command_writes_the_two_best_answers_of_each_input(
    results: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out.json"
    done = CliRunner().invoke(submit, [FIRST[:4], "-o", str(path), "--results", str(results)])
    assert done.exit_code == 0, done.output
    assert "2 tasks, 3 test inputs" in done.output
    assert "no answer to 1 of 3 test inputs" in done.output
    assert "the votes of one trial" in done.output
    fractional, contest = done.output.splitlines()[3:5]
    assert fractional.split()[1:3] == contest.split()[1:3] == ["50.0", "%"]
    assert json.loads(path.read_text()) == {
        "bbbb0001": [
            {"attempt_1": [[4, 4]], "attempt_2": [[3]]},
            {"attempt_1": [[0]], "attempt_2": [[0]]},
        ],
        "bbbb0002": [{"attempt_1": [[0], [3]], "attempt_2": [[0], [3]]}],
    }


def test_a_trial_without_votes_submits_its_answers(results: Path, tmp_path: Path) -> None:
    (results / "votes").rename(results / "puzzles")
    file = results / "puzzles" / f"{FIRST}-{E0}.parquet"
    kept = pd.read_parquet(file).drop_duplicates("puzzle_id")
    kept = kept.rename(columns={"mean_halt_probability": "halt_probability"})
    kept.drop(columns="votes").assign(exact=False).to_parquet(file)
    trial = results / "trials" / f"{FIRST}-{E0}.parquet"
    pd.read_parquet(trial).assign(votes=1).to_parquet(trial)
    path = tmp_path / "out.json"
    done = CliRunner().invoke(submit, [FIRST[:4], "-o", str(path), "--results", str(results)])
    assert done.exit_code == 0, done.output
    assert json.loads(path.read_text())["bbbb0001"][0]["attempt_2"] == [[3]]


def test_several_trials_are_pooled_on_request_only(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    arguments = [FIRST[:4], SECOND[:4], "-o", str(path), "--results", str(results)]
    refused = CliRunner().invoke(submit, arguments)
    assert "--pool" in str(refused.exception) and not path.exists()
    done = CliRunner().invoke(submit, [*arguments, "--pool"])
    assert "vote@k of the pooled votes of 2 trials" in done.output
    pooled = json.loads(path.read_text())["bbbb0001"][0]
    assert pooled == {"attempt_1": [[9]], "attempt_2": [[3]]}  # 3 votes; 2 at 0.55, not at 0.5


@pytest.mark.parametrize(
    ("change", "message"), [({"canvas": 6}, "different task settings"), (None, "named twice")]
)
def test_what_cannot_be_pooled_is_refused(
    results: Path, change: dict[str, Any] | None, message: str
) -> None:
    file = results / "trials" / f"{SECOND}-{E0}.parquet"
    row = pd.read_parquet(file)
    task = json.loads(row["config"][0])["task"] | (change or {})
    row.assign(config=json.dumps({**EMPTY, "task": task})).to_parquet(file)
    trials = [FIRST, SECOND] if change else [FIRST[:4], FIRST]
    done = CliRunner().invoke(submit, [*trials, "--pool", "--results", str(results)])
    assert isinstance(done.exception, TrmbenchError) and message in str(done.exception)


def test_an_evaluation_of_the_training_pairs_is_no_submission(
    results: Path, tmp_path: Path
) -> None:
    arguments = [FIRST[:4], "-o", str(tmp_path / "out.json"), "--results", str(results)]
    add_evaluation(results, "train")
    assert CliRunner().invoke(submit, arguments).exit_code == 0
    add_evaluation(results, "test")
    done = CliRunner().invoke(submit, arguments)
    assert "2 trials fit" in str(done.exception) and f"({E1})" in str(done.exception)


@pytest.mark.parametrize("arguments", [["nothing"], [FIRST[:4], "--evaluation", "e9"]])
def test_an_unknown_trial_is_refused(results: Path, arguments: list[str]) -> None:
    done = CliRunner().invoke(submit, [*arguments, "--results", str(results)])
    assert isinstance(done.exception, TrmbenchError) and "0 trials fit" in str(done.exception)


def test_a_damaged_file_gives_one_clear_line(results: Path) -> None:
    (results / "votes" / f"{FIRST}-{E0}.parquet").write_bytes(b"PAR1 nothing")
    with pytest.warns(UserWarning, match="damaged"):
        done = CliRunner().invoke(submit, [FIRST[:4], "--results", str(results)])
    assert isinstance(done.exception, TrmbenchError) and "no answers of" in str(done.exception)
