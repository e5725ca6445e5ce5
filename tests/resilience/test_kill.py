"""A run that is killed at any moment goes on as if nothing had happened."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from resilience.support import (
    LONG_ENOUGH_TO_KILL,
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

pytestmark = pytest.mark.slow


def test_killed_again_and_again_it_finishes_with_the_same_numbers(
    uninterrupted: Path, tmp_path: Path
) -> None:
    chance = random.Random(0)
    arguments = ["run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={tmp_path}"]
    steps = [0]
    for kill in range(5):
        with started(*arguments) as process:
            before = steps[-1]
            wait_until(lambda: last_step(tmp_path) > before or process.poll() is not None, "a step")  # noqa: B023
            time.sleep(chance.random() * 0.3)
            if kill % 2:
                kill_all(process)  # everything at once, as when the machine goes down
            else:
                process.kill()  # its workers find themselves alone
                process.wait()
        steps.append(last_step(tmp_path))
        if process.returncode == 0:
            break
    assert max(steps) > 0
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
