"""Learning curves and results in the experiment trackers of `TRMBENCH_TRACKERS`, as a plugin.

A tracker's package is imported when a trial begins, and only if it is asked for.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any, Protocol

from trmbench import Trial, TrialResult, TrmbenchError, hookimpl, row_name

VARIABLE = "TRMBENCH_TRACKERS"
KNOWN = ("tensorboard", "trackio", "wandb")
RESULTS = ("score", "exact_accuracy", "valid_accuracy", "cell_accuracy", "validation_accuracy")
"""Columns of a trial's row that are told at its end."""


class Tracker(Protocol):
    """One trial in one tracker."""

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Tell figures of a training step."""
        ...

    def end(self, figures: Mapping[str, float]) -> None:
        """Tell the results, none where the trial failed, and finish."""
        ...


class Tracked:
    """A trial in every tracker that is asked for.

    Raises:
        TrmbenchError: a tracker is unknown, or its package is not installed.
    """

    def __init__(self, trial: Trial) -> None:
        self.last = -1
        self.trackers: list[Tracker] = [_tracker(name, trial) for name in asked_for()]


_running: dict[str, Tracked] = {}
"""The trials that are tracked, by id."""


def asked_for() -> list[str]:
    """List the trackers of `TRMBENCH_TRACKERS`.

    Raises:
        TrmbenchError: one is unknown.
    """
    names = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    for name in names:
        if name not in KNOWN:
            raise TrmbenchError(f"{VARIABLE} has no tracker {name!r}", f"one of {', '.join(KNOWN)}")
    return names


def _tracker(name: str, trial: Trial) -> Tracker:
    try:
        made: Tracker = importlib.import_module(f"trmbench_trackers.of_{name}").start(trial)
    except ImportError as error:
        raise TrmbenchError(
            f"{error.name or name} is not installed", f"pip install 'trmbench[{name}]'"
        ) from error
    return made


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in row.items() if isinstance(value, int | float)}


@hookimpl
def trmbench_trial_started(trial: Trial) -> None:
    """Begin to track a trial, if that is asked for."""
    if asked_for():
        _running[trial.trial_id] = Tracked(trial)


@hookimpl
def trmbench_training_point(trial: Trial, row: Mapping[str, Any]) -> None:
    """Tell a row of the learning curve, once."""
    tracked = _running.get(trial.trial_id)
    if tracked is not None and row["step"] > tracked.last:
        tracked.last = row["step"]
        figures = _numbers(row)
        step = int(figures.pop("step"))
        for tracker in tracked.trackers:
            tracker.log(step, {f"train/{key}": value for key, value in figures.items()})


@hookimpl
def trmbench_trial_finished(trial: Trial, result: TrialResult) -> None:
    """Tell the results of the test."""
    from trmbench import load  # brings pandas, which a listing of plugins does without

    if trial.trial_id in _running:
        [row] = load(trial.results, names=[row_name(vars(trial))]).to_dict("records")
        known = {key: row[key] for key in RESULTS if row[key] == row[key]}  # NaN is not itself
        _end(trial, {f"test/{key}": value for key, value in _numbers(known).items()})


@hookimpl
def trmbench_trial_failed(trial: Trial, failure: TrialResult) -> None:
    """Finish without results."""
    _end(trial, {})


def _end(trial: Trial, figures: Mapping[str, float]) -> None:
    tracked = _running.pop(trial.trial_id, None)
    for tracker in tracked.trackers if tracked else ():
        tracker.end(figures)
