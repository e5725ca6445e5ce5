"""What the harness takes for a trial that itself takes no time, and whether its memory grows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from trmbench.store import Store
from trmbench.testing.running import visible_plugin

FEW = 10
MANY = int(os.environ.get("TRMBENCH_TRIALS", "200"))
"""Trials; 1,000 take a minute or two with each runner."""


@pytest.fixture(autouse=True)
def toy_plugin() -> Iterator[None]:
    """The trivial model, visible to the processes that are started."""
    with visible_plugin("toy", "trmbench.testing.toy"):
        yield


def seconds(runner: str, trials: int, results: Path) -> float:
    """Of a whole run."""
    arguments = [f"--runner={runner}", f"--seeds={trials}", f"--results={results}"]
    toy = ["--model=toy-echo", "--task=toy-mirror", "--preset=mini", "--device=cpu"]
    command = [sys.executable, "-P", "-m", "trmbench.cli", "run", *toy, *arguments]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def growth(results: Path) -> float:
    """Bytes by which a worker's peak memory rose from its first trials to its last ones."""
    peaks = Store(results).trials()
    quarter = max(1, len(peaks) // 4)
    first, last = peaks[quarter : 2 * quarter], peaks[-quarter:]
    highest = [max(row["peak_memory_bytes"] for row in part) for part in (first, last)]
    return float(highest[1] - highest[0])


@pytest.mark.parametrize("runner", ["local", "ray"])
def bench_overhead_of_a_trial(runner: str, benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    few = seconds(runner, FEW, tmp_path / "few")
    many = benchmark.pedantic(seconds, (runner, MANY, tmp_path / "many"), rounds=1)
    benchmark.extra_info["seconds_per_trial"] = (many - few) / (MANY - FEW)
    benchmark.extra_info["memory_growth_bytes"] = growth(tmp_path / "many")
    assert len(Store(tmp_path / "many").trials()) == MANY
