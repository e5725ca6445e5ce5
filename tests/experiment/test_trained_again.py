"""Finished trials without final weights: to test them otherwise, they are trained again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.trials import SMALL, maze_trials

import trmbench
from trmbench.cli.main import run_command
from trmbench.experiment.plan import retrained
from trmbench.experiment.runs import unfinished
from trmbench.spec import Trial
from trmbench.store import Store
from trmbench.store.notes import write_note
from trmbench.trial.run import run_trial

SETTINGS = {**SMALL, "evaluation.depth": 32}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two seeds, the first of which is without its weights."""
    folder = tmp_path_factory.mktemp("finished")
    trials = maze_trials(folder, 2, execution__stack_seeds=False)
    assert all(run_trial(trial).error is None for trial in trials)
    shutil.rmtree(folder / "checkpoints" / trials[0].trial_id)
    return folder


def deeper(folder: Path) -> list[Trial]:
    changes = {"evaluation__depth": 32, "execution__log_every": 1}
    return maze_trials(folder, 2, execution__stack_seeds=False, **changes)


def rows_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*.parquet")}


def test_a_dry_run_says_what_is_trained_again(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--set={name}={value}".lower() for name, value in SETTINGS.items()]
    options += ["--model=trm", "--task=maze", "--preset=mini", "--seeds=2", "--dry-run"]
    first, second = deeper(finished)
    assert run_command(["run", *options, f"--results={finished}"]) == 0
    said = capsys.readouterr()
    line = " ".join(said.err.split())
    assert f"trained again, as the final weights are not in {finished}: 1 finished trial" in line
    assert f"such as {first.trial_id} (trm maze seed 0)" in line
    assert f"{first.label}  to do, trained again" in said.out
    assert f"{second.label}  to do\n" in said.out


def test_a_run_from_python_warns_of_it(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = shutil.copytree(finished, tmp_path / "results")
    monkeypatch.setattr("trmbench.experiment.execute.execute", lambda *arguments: iter(()))
    with pytest.warns(UserWarning, match=r"trained again, .*: 1 finished trial, such as"):
        trmbench.run("trm", "maze", seeds=2, preset="mini", settings=SETTINGS, results=results)


def test_what_is_stored_stays_until_the_trial_has_finished_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trmbench.training.pace.SECONDS_BETWEEN_EVENTS", -1.0)
    results = shutil.copytree(finished, tmp_path / "results")
    store, [trial, _] = Store(results), deeper(results)
    write_note(store, [trial])
    before = rows_of(results)
    after_two_steps = iter([False, True])
    stopped = run_trial(trial, should_stop=lambda: next(after_two_steps))
    assert stopped.status == "interrupted"
    broken = replace(trial, config={**trial.config, "model": {}})
    assert run_trial(broken).status == "failed"
    assert rows_of(results) == before
    assert [item.state for item in unfinished(store)] == ["to be tested deeper"]
    assert retrained([trial], store) == [trial]
    assert run_trial(trial).error is None
    [row] = store.trials([trial.name])
    assert max(point["depth"] for point in row["by_depth"]) == 32
    assert unfinished(store) == [] and retrained([trial], store) == []
