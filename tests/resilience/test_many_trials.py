"""Many trials share few processes, whichever runner executes them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from resilience.support import descendants, started, statuses, title

pytestmark = pytest.mark.slow
TRIALS = 60
ECHO = ["--model=toy-echo", "--task=toy-mirror", "--preset=mini", "--device=cpu"]


@pytest.mark.parametrize(
    ("runner", "of_a_worker", "most"),
    [("local", "trmbench.runners.worker", 2), ("ray", "ray::toy-echo", 6)],
)
def test_trials_share_their_processes(
    runner: str, of_a_worker: str, most: int, tmp_path: Path
) -> None:
    looks: Counter[int] = Counter()
    arguments = ["--max-parallel=2", f"--seeds={TRIALS}", f"--results={tmp_path}"]
    with started("run", *ECHO, f"--runner={runner}", *arguments) as process:
        while process.poll() is None:
            looks.update(pid for pid in descendants(process.pid) if of_a_worker in title(pid))
            time.sleep(0.05)
        assert process.returncode == 0, process.stdout and process.stdout.read()
    assert statuses(tmp_path) == ["finished"] * TRIALS
    # A child that is about to become `git`, say, is seen for a moment by its parent's title.
    workers = [pid for pid, times in looks.items() if times > 1]
    assert 1 <= len(workers) <= most
