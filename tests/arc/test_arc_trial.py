"""An ARC trial from training to pictures, votes and the submission."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trmbench import PuzzleTable
from trmbench.cli.main import run_command
from trmbench.comparison.cells import summarize
from trmbench.comparison.compare import Question, compare_cells
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.store import Store
from trmbench.trial import evaluate
from trmbench.trial.run import run_trial

TINY = {
    "task.canvas": 5, "task.variants": 6, "model.width": 16, "train.steps": 2,
    "train.batch_size": 4, "evaluation.votes": 5,
}  # fmt: skip


def run_tiny(model: str, folder: Path, root: Path) -> Path:
    """Run a trial of two training steps into a results folder."""
    overrides = {**TINY, "task.path": str(folder)}
    cell = compose(
        registry.models().find(model).spec, registry.tasks().find("arc1").spec, "mini", overrides
    )
    assert run_trial(cell.trial(0, str(root))).error is None
    return root


@pytest.fixture
def results(folder: Path, tmp_path: Path) -> Path:
    """A results folder with one trial of two training steps."""
    return run_tiny("trm", folder, tmp_path / "results")


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
    assert all(f"{name} vote" in text for name in ("fractional", "all", "output"))
    assert "2 of 3" in text and "fractional vote@2 (2 attempts)" in text
    assert run_command(["submit", trial, "-o", str(file), f"--results={results}"]) == 0
    submitted = json.loads(file.read_text())
    assert {task: len(entries) for task, entries in submitted.items()} == {
        "bbbb0001": 2,
        "bbbb0002": 1,
    }


@pytest.mark.parametrize(
    ("model", "metric"), [("trm", "fractional_vote@2"), ("direct", "all_vote@2")]
)
def test_the_headline_is_two_attempts_by_the_rule_of_the_model_s_paper(
    model: str, metric: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = evaluate.count_votes

    def half_right(task: Any, table: PuzzleTable, *arguments: Any) -> Any:
        """The first attempt is nothing; the second right, but for the first test input."""
        predictions, rows = counted(task, table, *arguments)
        attempts = np.stack([np.zeros_like(table.labels), table.labels], axis=1)
        attempts[0] = 0
        return dataclasses.replace(predictions, attempts=attempts), rows

    monkeypatch.setattr(evaluate, "count_votes", half_right)
    root = run_tiny(model, folder, tmp_path / "results")
    (row,) = Store(root).trials()
    assert row["primary_metric"] == metric
    assert row["score"] == {"trm": 0.75, "direct": 0.5}[model]
    (cell,) = summarize(Store(root), [row])
    assert cell.interval.mean == row["score"]


def test_a_first_attempt_is_compared_by_every_rule(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = evaluate.count_votes

    def right_but_for_one(task: Any, table: PuzzleTable, *arguments: Any) -> Any:
        predictions, rows = counted(task, table, *arguments)
        attempts = np.stack([table.labels, np.zeros_like(table.labels)], axis=1)
        attempts[0] = 0
        return dataclasses.replace(predictions, attempts=attempts), rows

    monkeypatch.setattr(evaluate, "count_votes", right_but_for_one)
    store = Store(run_tiny("trm", folder, tmp_path / "results"))
    totals = json.loads(store.trials()[0]["totals"])
    for rule, share in {"fractional": 0.75, "all": 0.5, "output": 2 / 3}.items():
        (cell,) = compare_cells(store, Question(metric=f"{rule}_vote@1")).cells
        assert cell.interval.mean == totals[f"{rule}_vote@1"] == pytest.approx(share)
        (cell,) = compare_cells(store, Question(metric=f"{rule}_vote@10")).cells
        assert cell.interval.mean == totals[f"{rule}_vote@10"]
    assert "vote@1" not in totals and "vote@10" not in totals


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
