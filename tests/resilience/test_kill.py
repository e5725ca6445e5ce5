"""A run that is killed at any moment goes on as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from resilience.mortal import begin
from resilience.support import (
    LONG_ENOUGH_TO_KILL,
    PATIENCE,
    TOY,
    assert_same_results,
    kill_all,
    last_step,
    rows,
    run,
    started,
    statuses,
    wait_until,
)

from trmbench.store import Store
from trmbench.testing.running import toy_trial
from trmbench.trial.run import run_trial

pytestmark = pytest.mark.slow


WRITING = {
    "a checkpoint's tensors": "*/.running-*.safetensors.*",
    "a checkpoint's description": "*/.running-*.json.*",
    "the learning curve": "*/curves/.*",
    "the final weights": "*/.final.safetensors.*",
    "the answers": "*/.answers-*",
    "the puzzles": "*/puzzles/.*",
    "the row": "*/trials/.*",
}


KILLS = int(os.environ.get("TRMBENCH_KILLS", "12"))
"""Of one trial: some at any moment, then one in each moment of writing."""
STEPS_BETWEEN = 40
"""More than are trained between two kills."""


def test_killed_a_dozen_times_it_finishes_with_the_same_numbers(tmp_path: Path) -> None:
    chance = random.Random(0)
    steps = KILLS * STEPS_BETWEEN
    often = {"train.steps": steps, "execution.log_every": 100, "execution.checkpoint_every": 0.05}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_trial(toy_trial(0, whole, often)).status == "finished"
    trial = toy_trial(0, killed, often)
    saved = 0
    for moment in ["no matter what"] * (KILLS - len(WRITING)) + list(WRITING):
        process = begin(trial, WRITING.get(moment))
        if moment not in WRITING:
            wait_until(lambda: last_step(killed) > saved, "a checkpoint")  # noqa: B023
            time.sleep(chance.random() * 0.1)
            process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL, moment
        before, saved = saved, last_step(killed)
        is_trained = (Store(killed).checkpoints(trial.trial_id) / "final.json").exists()
        assert saved >= before > 0 or before == 0 or is_trained, f"work was lost, writing {moment}"
        assert statuses(killed) == []
    arguments = [*TOY, f"--set=train.steps={steps}", "--set=execution.log_every=100"]
    done = run("run", *arguments, "--seeds=1", f"--results={killed}")
    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stderr, "half a file was read"
    assert statuses(killed) == ["finished"]
    assert rows(killed)[0]["resumed_from_step"] > 0
    assert_same_results(whole, killed)
    assert not list(killed.glob("checkpoints/*/running-*"))


def test_a_killed_trial_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    """So what is lost is what was done since: at most the time between two checkpoints."""
    trial = toy_trial(0, tmp_path, {"train.steps": 300, "execution.checkpoint_every": 0.05})
    process = begin(trial)
    wait_until(lambda: last_step(tmp_path) > 20, "a checkpoint")
    process.kill()
    process.join()
    saved = last_step(tmp_path)
    assert run_trial(trial).status == "finished"
    assert rows(tmp_path)[0]["resumed_from_step"] == saved


@pytest.mark.parametrize("everything", [True, False])
def test_a_killed_command_goes_on_when_repeated(
    everything: bool, uninterrupted: Path, tmp_path: Path
) -> None:
    arguments = ["run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={tmp_path}"]
    with started(*arguments) as process:
        wait_until(lambda: last_step(tmp_path), "a checkpoint")
        if everything:
            kill_all(process)  # as when the machine goes down
        else:
            process.kill()  # its workers find themselves alone
            process.wait()
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert statuses(tmp_path) == ["finished", "finished"]
    assert any((row["resumed_from_step"] or 0) > 0 for row in rows(tmp_path))
    assert_same_results(uninterrupted, tmp_path)
    assert not list(tmp_path.glob("checkpoints/*/running-*"))


def test_resume_goes_on_with_what_a_killed_run_was_asked_for(
    uninterrupted: Path, tmp_path: Path
) -> None:
    with started(
        "run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", "--max-parallel=1", f"--results={tmp_path}"
    ) as process:
        wait_until(lambda: last_step(tmp_path), "a checkpoint")
        kill_all(process)
    listed = run("resume", f"--results={tmp_path}", "--dry-run")
    assert "begun" in listed.stdout and "not begun" in listed.stdout, listed.stdout
    assert "finished" not in statuses(tmp_path)
    done = run("resume", f"--results={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path)[0]["resumed_from_step"] > 0
    assert_same_results(uninterrupted, tmp_path)
    assert "is finished" in run("resume", f"--results={tmp_path}").stdout


def test_two_runs_at_once_train_each_trial_once(uninterrupted: Path, tmp_path: Path) -> None:
    arguments = ["run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={tmp_path}"]
    with started(*arguments, "--max-parallel=1") as one, started(*arguments) as other:
        said = [process.communicate(timeout=240)[0] for process in (one, other)]
    assert one.returncode == other.returncode == 0, said
    for seed in (0, 1):
        trained = f"seed {seed}: train 400/400"
        assert sum(text.count(trained) for text in said) == 1, said
    assert_same_results(uninterrupted, tmp_path)


def test_resume_ends_what_a_time_budget_left_and_tries_what_failed(tmp_path: Path) -> None:
    budget = ["--set=train.steps=3", "--seeds=3", "--max-parallel=1", "--time-budget=0.01"]
    done = run("run", *TOY, *budget, f"--results={tmp_path}")
    assert done.returncode == 0 and "not begun; the same command goes on" in done.stdout
    failing = ["--set=model.fails=true", "--seeds=1"]
    done = run("run", *TOY, *failing, f"--results={tmp_path}")
    assert done.returncode == 1 and "the toy model was told to fail" in done.stdout
    before = max(row["started_at"] for row in rows(tmp_path))
    done = run("resume", f"--results={tmp_path}")
    assert done.returncode == 1, done.stdout
    assert statuses(tmp_path).count("finished") == 3
    [failed] = [row for row in rows(tmp_path) if row["status"] == "failed"]
    assert failed["started_at"] > before


def test_fresh_trains_again_and_fail_fast_stops_at_a_failure(tmp_path: Path) -> None:
    arguments = ["run", *TOY, "--set=train.steps=3", "--seeds=1", f"--results={tmp_path}"]
    assert run(*arguments).returncode == 0
    first = rows(tmp_path)[0]["started_at"]
    done = run(*arguments, "--fresh")
    assert done.returncode == 0 and "train 3/3" in done.stdout
    assert rows(tmp_path)[0]["started_at"] > first
    failing = ["--set=model.fails=true", "--seeds=50", "--max-parallel=1", "--fail-fast"]
    done = run("run", *TOY, *failing, f"--results={tmp_path}")
    assert done.returncode == 1 and "Stopped, since a trial failed" in done.stdout
    assert statuses(tmp_path).count("failed") < 5
