"""A thousand trials that take no time show what the harness itself takes."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from resilience.support import rows, run

from trmbench.testing.running import visible_plugin

pytestmark = pytest.mark.slow
TRIALS = 1000
SECONDS_PER_TRIAL = 0.050
GROWTH_BYTES = 20 * 1024**2


@pytest.fixture(autouse=True)
def copying_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The copying model, also in the processes started."""
    tests = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")]))
    with visible_plugin("copying", "resilience.copying"):
        yield


def processor_seconds(*arguments: str) -> float:
    """What a run and all its processes compute; unlike the clock, no neighbour changes it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run("run", "--model=copying", "--task=toy-mirror", "--preset=mini", *arguments)
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("runner", ["local", "ray"])
def test_the_harness_takes_little_time_and_no_memory_per_trial(runner: str, tmp_path: Path) -> None:
    arguments = [f"--runner={runner}", "--max-parallel=1", "--device=cpu"]
    few = processor_seconds(*arguments, "--seeds=1", f"--results={tmp_path / 'few'}")
    many = processor_seconds(*arguments, f"--seeds={TRIALS}", f"--results={tmp_path / 'many'}")
    assert (many - few) / TRIALS <= SECONDS_PER_TRIAL
    peaks = [row["peak_memory_bytes"] for row in rows(tmp_path / "many")]
    assert len(peaks) == TRIALS
    assert max(peaks) - peaks[TRIALS // 10] < GROWTH_BYTES
