"""Learning curves and results reach the experiment trackers, by their real packages."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers.trials import maze_trials

import trmbench
from trmbench.experiment import execute
from trmbench.plugin.manager import PluginManager
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.store import Store


class _Here:
    """A runner in this process."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        for trial in trials:
            yield trmbench.run_trial(trial, on_event)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[list[Trial], PluginManager]]:
    """Run tiny trials with one plugin and these trackers."""
    monkeypatch.chdir(tmp_path)

    def run(trackers: str, module: str = "trmbench_trackers") -> tuple[list[Trial], PluginManager]:
        point = importlib.metadata.EntryPoint("trackers", module, "trmbench")
        manager = PluginManager([point])
        monkeypatch.setattr(execute, "plugin_manager", lambda: manager)
        monkeypatch.setenv("TRMBENCH_TRACKERS", trackers)
        further = {"execution.stack_seeds": False, "execution.log_every": 1}
        trials = maze_trials(tmp_path / "r", 2, **further)
        done = list(execute.execute(trials, _Here(), lambda event: None))
        assert [result.status for result in done] == ["finished"] * 2
        return trials, manager

    return run


def _curve(trial: Trial) -> dict[int, float]:
    rows = Store(trial.results).read("curves", names=[trial.trial_id]).to_pylist()
    return {row["step"]: row["loss"] for row in rows}


def _score(trial: Trial) -> float:
    return float(Store(trial.results).trials([trial.name])[0]["score"])


def test_tensorboard_has_every_point_and_the_results(run: Callable[..., Any]) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    trials, manager = run("tensorboard")
    assert not manager.broken, manager.broken
    for trial in trials:
        folder = Path(trial.results) / "tensorboard" / trial.trial_id
        found = accumulator.EventAccumulator(str(folder)).Reload()
        losses = {event.step: event.value for event in found.Scalars("train/loss")}
        assert losses == pytest.approx(_curve(trial))
        assert len(losses) == 6
        [score] = found.Scalars("test/score")
        assert score.value == pytest.approx(_score(trial))


def test_weights_and_biases_keeps_runs_offline(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    trials, manager = run("wandb")
    assert not manager.broken, manager.broken
    wandb.teardown()  # has everything written, as the end of the process does
    kept = [file.read_bytes() for file in tmp_path.glob("wandb/offline-run-*/run-*.wandb")]
    assert len(kept) == 2
    losses, scores = (
        [
            {float(found) for found in re.findall(rb"%s\x82\x01.([-0-9.e]+)" % name, file)}
            for file in kept
        ]
        for name in (b"train/loss", b"test/score")
    )
    for trial in trials:
        assert {value for value in _curve(trial).values()} in losses
        assert {_score(trial)} in scores


def test_trackio_has_every_point_and_the_results(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    trials, manager = run("trackio")
    assert not manager.broken, manager.broken
    for trial in trials:
        logs = SQLiteStorage.get_logs("trmbench", f"{trial.label} {trial.trial_id}")
        losses = {row["step"]: row["train/loss"] for row in logs if "train/loss" in row}
        assert losses == pytest.approx(_curve(trial))
        [score] = [row["test/score"] for row in logs if "test/score" in row]
        assert score == pytest.approx(_score(trial))


@pytest.mark.parametrize(
    ("trackers", "words"), [("mlflow", "no tracker 'mlflow'"), ("", ""), ("wandb", "wandb")]
)
def test_what_cannot_be_tracked_stops_no_trial(
    run: Callable[..., Any], trackers: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trackers == "wandb":
        monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    _, manager = run(trackers)
    problems = [plugin.problem for plugin in manager.broken]
    assert bool(problems) == bool(words)
    assert all(words in str(problem) for problem in problems)


class Breaking:
    """A plugin whose hook fails at the third point."""

    seen: list[Mapping[str, Any]] = []

    @staticmethod
    @trmbench.hookimpl
    def trmbench_training_point(trial: Trial, row: Mapping[str, Any]) -> None:
        Breaking.seen.append(row)
        if len(Breaking.seen) == 3:
            raise RuntimeError("no more")


def test_a_hook_that_fails_is_left_out_and_the_trials_go_on(run: Callable[..., Any]) -> None:
    Breaking.seen.clear()
    trials, manager = run("", f"{__name__}:Breaking")
    assert [row["step"] for row in Breaking.seen] == [1, 2, 3]
    assert {row["trial_id"] for row in Breaking.seen} == {trials[0].trial_id}
    [plugin] = manager.broken
    assert plugin.problem == "trmbench_training_point raised RuntimeError: no more"
