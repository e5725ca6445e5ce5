"""The display of a run: one line for all, and how each trial ended."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.report import remaining
from trmbench.report.console import SafeConsole
from trmbench.report.progress import TrialProgress
from trmbench.report.remaining import Remaining
from trmbench.report.words import about, duration
from trmbench.spec import TrialEvent, TrialResult
from trmbench.store import Store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(remaining.time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_is_of_all_trials_weighed_by_their_estimates(
    tmp_path: Path, clock: list[float]
) -> None:
    short = add_cell(tmp_path, "short", bernoulli(1, 9, 0.5))[0]
    long = add_cell(tmp_path, "long", bernoulli(1, 9, 0.5))[0]
    left = Remaining([short, long])
    left.expect({short.cell_id: 10.0, long.cell_id: 30.0})
    left.on_event(TrialEvent(short.trial_id, "train", 0, 100))
    assert left.seconds() is None
    clock[0] = 20.0
    left.on_result(short.trial_id)
    assert left.share == pytest.approx(0.25)
    assert left.seconds() == pytest.approx(60.0)


def test_what_was_done_before_an_interruption_is_no_measure_of_speed(
    tmp_path: Path, clock: list[float]
) -> None:
    trial = add_cell(tmp_path, "trm", bernoulli(1, 9, 0.5))[0]
    left = Remaining([trial])
    left.on_event(TrialEvent(trial.trial_id, "train", 50, 100))
    clock[0] = 10.0
    left.on_event(TrialEvent(trial.trial_id, "train", 60, 100))
    assert left.seconds() == pytest.approx(10.0 / 0.09 * 0.46)


def test_a_trial_that_ended_says_how_good_it_is(tmp_path: Path) -> None:
    right = bernoulli(2, 40, 0.5)
    trials = add_cell(tmp_path, "trm", right)
    console, rows = SafeConsole(), Store(tmp_path).trials()
    console.file = io.StringIO()
    with TrialProgress(trials, console, pytest.fail) as progress:
        progress.on_event(TrialEvent(trials[0].trial_id, "train", 100, 100, 0.25, 0.5, 3.0))
        progress.on_result(TrialResult(trials[0].trial_id, "finished"), rows[0])
        progress.on_result(TrialResult(trials[1].trial_id, "failed", "no memory"), rows[1])
    said = console.file.getvalue()
    mean = f"{100 * right[0].mean():.1f} %"
    assert f"[1/2] trm maze seed 0: finished, exact accuracy {mean}, trained in 60 s" in said
    assert "[2/2] trm maze seed 1: failed: no memory" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 1 s"), (150, "about 2 min"), (7200, "about 2 h"), (10**6, "about 12 days")],
)
def test_times_ahead_are_round(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_a_time_of_weeks_is_told_in_days() -> None:
    assert [duration(hours * 3600) for hours in (2, 99, 13_179)] == ["2.0 h", "99.0 h", "549 days"]
