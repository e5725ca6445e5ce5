"""The Ray runner on a cluster of this machine: two CPUs, little memory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from resilience.support import (
    LONG_ENOUGH_TO_KILL,
    TOY,
    assert_same_results,
    curves,
    descendants,
    kill_all,
    last_step,
    predictions,
    rows,
    run,
    started,
    statuses,
    title,
    wait_until,
)

from trmbench.plugin import registry
from trmbench.store import claims
from trmbench.testing import assert_runner_conforms

pytestmark = pytest.mark.slow
RAY = ["--runner=ray", "--max-parallel=2"]


def ray_workers(process_id: int) -> list[int]:
    """The processes of a run that execute trials on Ray."""
    return [pid for pid in descendants(process_id) if "::" in title(pid) and "seed" in title(pid)]


def holder_of_a_checkpoint(results: Path) -> int | None:
    """A process whose trial would lose no more than what follows its checkpoint."""
    trials = {path.parent.name for path in (results / "checkpoints").glob("*/running-*.json")}
    holders = [found for trial in trials if (found := claims.holder(results, trial))]
    return holders[0].pid if holders else None


def test_it_keeps_the_contract_of_a_runner() -> None:
    assert_runner_conforms(registry.runners().find("ray").spec)


def test_a_killed_worker_costs_the_others_nothing_and_its_trial_goes_on(
    uninterrupted: Path, tmp_path: Path
) -> None:
    arguments = [*TOY, *LONG_ENOUGH_TO_KILL, *RAY, "--seeds=2", f"--results={tmp_path}"]
    with started("run", *arguments) as process:
        worker = wait_until(lambda: holder_of_a_checkpoint(tmp_path), "a checkpoint")
        os.kill(worker, signal.SIGKILL)
        out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    assert statuses(tmp_path) == ["finished", "finished"]
    assert sum((row["resumed_from_step"] or 0) > 0 for row in rows(tmp_path)) == 1
    assert_same_results(uninterrupted, tmp_path)


def test_a_killed_worker_of_several_that_share_a_trial_costs_what_followed_its_checkpoint(
    tmp_path: Path,
) -> None:
    double = ["--set=train.precision=float64", *LONG_ENOUGH_TO_KILL]
    one, two = tmp_path / "one", tmp_path / "two"
    assert run("run", *TOY, *double, f"--results={one}").returncode == 0
    shared = ["--runner=ray", "--workers-per-trial=2", f"--results={two}"]
    with started("run", *TOY, *double, *shared) as process:
        leader = wait_until(lambda: holder_of_a_checkpoint(two), "a checkpoint")
        siblings = descendants(process.pid)
        [other] = [p for p in siblings if "TrainWorker" in title(p) and p != leader]
        os.kill(other, signal.SIGKILL)
        out, _ = process.communicate(timeout=480)
    assert process.returncode == 0, out
    [row] = rows(two)
    assert row["status"] == "finished" and row["resumed_from_step"] > 0
    losses = [curves(results)["loss"].to_pylist() for results in (one, two)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-6) and losses[0]
    assert predictions(two)["answer"].equals(predictions(one)["answer"])


def test_several_workers_are_refused_where_they_cannot_be_had(tmp_path: Path) -> None:
    done = run("run", *TOY, "--workers-per-trial=2", f"--results={tmp_path}")
    assert done.returncode == 2 and "it goes with --runner ray" in done.stderr
    shared = ["--runner=ray", "--workers-per-trial=2", "--gpus-per-trial=1"]
    done = run("run", *TOY, *shared, f"--results={tmp_path}")
    assert done.returncode == 2 and "cannot share 1 GPUs" in done.stderr


def test_after_the_death_of_driver_and_head_the_same_command_goes_on(
    uninterrupted: Path, tmp_path: Path
) -> None:
    arguments = ["run", *TOY, *LONG_ENOUGH_TO_KILL, *RAY, "--seeds=2", f"--results={tmp_path}"]
    with started(*arguments) as process:
        wait_until(lambda: last_step(tmp_path) or process.poll() is not None, "a checkpoint")
        family = descendants(process.pid)
        kill_all(process)
        for pid in family:  # Ray's processes are in sessions of their own
            _kill(pid)
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert any((row["resumed_from_step"] or 0) > 0 for row in rows(tmp_path))
    assert_same_results(uninterrupted, tmp_path)


def test_a_run_that_is_stopped_has_its_trials_checkpointed(tmp_path: Path) -> None:
    endless = ["--set=train.steps=1000000", "--seeds=1", "--checkpoint-every=1000"]
    with started("run", *TOY, *RAY, *endless, f"--results={tmp_path}") as process:
        wait_until(lambda: ray_workers(process.pid), "a worker")
        time.sleep(5)
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 143, out
    assert last_step(tmp_path) > 0 and statuses(tmp_path) == ["interrupted"]


def test_no_cluster_at_the_address_is_one_clear_line(tmp_path: Path) -> None:
    done = run("run", *TOY, *RAY, "--ray-address=127.0.0.1:1", f"--results={tmp_path}")
    assert done.returncode == 2
    assert "no Ray cluster at 127.0.0.1:1" in done.stderr and "ray start --head" in done.stderr


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
