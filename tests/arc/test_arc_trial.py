"""An ARC trial from training to pictures, votes and the submission."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trmbench.cli.main import run_command
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.store import Store
from trmbench.trial.run import run_trial

TINY = {
    "task.canvas": 5, "task.variants": 6, "model.width": 16, "train.steps": 2,
    "train.batch_size": 4, "evaluation.votes": 5,
}  # fmt: skip


@pytest.fixture
def results(folder: Path, tmp_path: Path) -> Path:
    """A results folder with one trial of two training steps."""
    overrides = {**TINY, "task.path": str(folder)}
    cell = compose(
        registry.models().find("trm").spec, registry.tasks().find("arc1").spec, "mini", overrides
    )
    root = tmp_path / "results"
    assert run_trial(cell.trial(0, str(root))).error is None
    return root


def trial_id(results: Path) -> str:
    """The trial's id."""
    name: str = Store(results).trials()[0]["trial_id"]
    return name


def test_a_puzzle_is_shown_with_its_demonstrations_and_votes(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial, page, picture = trial_id(results), tmp_path / "p.html", tmp_path / "p.png"
    command = ["show", trial, "--puzzle", "bbbb0001/test/0", f"--results={results}"]
    assert run_command(command) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    start = lines.index("Demonstrations")
    assert lines[start + 1 : start + 6] == ["1", "question", "3 0 4", "answer", "4 0 3"]
    assert any("of 5 votes" in line for line in lines[lines.index("Most votes") :])
    for file in (page, picture):
        assert run_command([*command, "--save", str(file)]) == 0
    assert "#2ecc40" in page.read_text() and "of 5 votes" in page.read_text()
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_vote_at_k_is_a_table_and_the_submission_has_every_input(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial, file = trial_id(results), tmp_path / "submission.json"
    assert run_command(["show", trial, f"--results={results}"]) == 0
    text = capsys.readouterr().out
    assert "fractional vote" in text and "contest vote" in text and "2 of 3" in text
    assert run_command(["submit", trial, "-o", str(file), f"--results={results}"]) == 0
    submitted = json.loads(file.read_text())
    assert {task: len(entries) for task, entries in submitted.items()} == {
        "bbbb0001": 2,
        "bbbb0002": 1,
    }


def test_other_evaluations_need_no_training_and_are_told_apart(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = trial_id(results)
    where = f"--results={results}"
    assert run_command(["evaluate", trial, "--split", "train", where]) == 0
    blank = ["evaluate", trial, "--identifiers", "blank", "--votes", "1", where]
    assert run_command(blank) == 0
    rows = Store(results).trials()
    puzzles = {json.loads(row["config"])["evaluation"]["split"]: row for row in rows}
    assert len(rows) == 3 and puzzles["train"]["test_puzzles"] == 7
    capsys.readouterr()
    shown = ["show", trial, "--puzzle", "aaaa0001/train/0", where]
    assert run_command([*shown, "--evaluation", puzzles["train"]["evaluation_id"]]) == 0
    assert "6 1" in capsys.readouterr().out
    assert run_command([*shown, "--evaluation", "zzz"]) == 2
    assert "no evaluation 'zzz'" in capsys.readouterr().err
