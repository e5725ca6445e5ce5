"""Runs in processes of their own, which tests kill; trials of the toy model, which are quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from trmbench.store import Store
from trmbench.store.claims import Claimed, claimed, holder
from trmbench.store.location import Location

TOY = ["--model=toy-recursive", "--task=toy-mirror", "--preset=mini", "--device=cpu"]
OFTEN = "--checkpoint-every=0.2"
LONG_ENOUGH_TO_KILL = ["--set=train.steps=400", "--set=execution.log_every=100", OFTEN]
TRIAL, OTHER = "0123456789ab", "ba9876543210"
PATIENCE = 240.0
"""Seconds, for a machine that has other things to do."""


def command(*arguments: str) -> list[str]:
    """The command line of trmbench."""
    return [sys.executable, "-P", "-m", "trmbench.cli", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run trmbench to its end."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=PATIENCE, env=environment()
    )


def environment() -> dict[str, str]:
    """Of the processes: one thread each, no colours."""
    return os.environ | {"NO_COLOR": "1", "OMP_NUM_THREADS": "1"}


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A trmbench that runs; one that still does at the end is killed with its children."""
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill_all(process)


def kill_all(process: subprocess.Popen[str]) -> None:
    """SIGKILL for a process and everything in its session."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited in vain: {what}")


def descendants(pid: int) -> list[int]:
    """The processes below one, whatever their depth."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent]
    return found[1:]


def title(pid: int) -> str:
    """The command line of a process, which for Ray's workers is what they do; "" if it died."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def last_step(results: Path) -> int:
    """The training step of the newest checkpoint in a results folder."""
    names = (results / "checkpoints").glob("*/running-*.json")
    return max((int(path.stem.split("-")[1]) for path in names), default=0)


def predictions(results: Location) -> pa.Table:
    """All answers, in an order of their own."""
    table = Store(results).read("puzzles")
    return table.sort_by([("trial_id", "ascending"), ("puzzle_id", "ascending")])


def curves(results: Location) -> pa.Table:
    """All learning curves, without the time they took."""
    table = Store(results).read("curves").drop_columns(["seconds"])
    return table.sort_by([("trial_id", "ascending"), ("step", "ascending")])


def assert_same_results(one: Location, other: Location) -> None:
    """Bit for bit the same answers and learning curves."""
    for read in (predictions, curves):
        first, second = read(one), read(other)
        assert first.num_rows > 0
        assert first.equals(second) or _nan_equal(first, second), read.__name__


def assert_a_claim_keeps_others_out(results: Location) -> None:
    """Until it is released, and only of what was claimed."""
    with claimed(results, TRIAL):
        found = holder(results, TRIAL)
        assert found is not None and found.pid == os.getpid()
        with pytest.raises(Claimed, match=f"process {os.getpid()} on"), claimed(results, TRIAL):
            raise AssertionError("claimed twice")
        with claimed(results, OTHER):
            assert holder(results, OTHER)
    assert holder(results, TRIAL) is None


def _nan_equal(one: pa.Table, other: pa.Table) -> bool:
    """Equal, where an accuracy of no halted puzzle is not a number on both sides."""
    return one.schema == other.schema and all(
        repr(a.to_pylist()) == repr(b.to_pylist())
        for a, b in zip(one.columns, other.columns, strict=True)
    )


def rows(results: Location) -> list[dict[str, Any]]:
    """The trials' rows by seed."""
    return sorted(Store(results).trials(), key=lambda row: row["seed"])


def statuses(results: Location) -> list[str]:
    """Of the trials, by seed."""
    table = Store(results).read("trials", ["seed", "status"])
    return pc.take(table["status"], pc.sort_indices(table["seed"])).to_pylist()
