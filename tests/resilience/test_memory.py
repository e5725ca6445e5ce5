"""A worker that has done many trials is as large as one that has done a few."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from resilience.support import environment

from trmbench.store import Store

pytestmark = pytest.mark.slow
WARM_UP = 20
"""Trials after which a process has loaded all that it loads."""
TRIALS = int(os.environ.get("TRMBENCH_TRIALS", "60"))
"""After the warm-up; tiny ones of TRM, whose layers hold what a leak would keep."""
MOST_GROWTH = 5 * 2**20
IN_ONE_PROCESS = """
import os, sys
from pathlib import Path
import torch
from trmbench import run_trial
from trmbench.experiment.cells import choose_cells
torch.set_num_threads(1)
small = {
    "task.train_puzzles": 16, "task.test_puzzles": 16, "train.steps": 2, "train.batch_size": 8,
    "model.width": 32, "model.supervision_steps": 2, "execution.device": "cpu",
    "train.threads": 1, "execution.log_every": 1,
}
[cell] = choose_cells(["trm"], ["maze"], "mini", None, small).cells
pages = os.sysconf("SC_PAGE_SIZE")
for seed in range(int(sys.argv[2])):
    result = run_trial(cell.trial(seed, sys.argv[1]))
    assert result.status == "finished", result.error
    print(int(Path("/proc/self/statm").read_text().split()[1]) * pages, flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc here")
def test_memory_is_flat_over_many_trials_in_one_process_and_their_column_repeats(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", IN_ONE_PROCESS, str(tmp_path), str(WARM_UP + TRIALS)],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    resident = [int(line) for line in done.stdout.splitlines()][WARM_UP:]
    assert len(resident) == TRIALS
    assert max(resident[-10:]) - max(resident[:10]) <= MOST_GROWTH, resident
    rows = sorted(Store(tmp_path).trials(), key=lambda row: row["seed"])
    column = [row["peak_memory_bytes"] for row in rows][WARM_UP:]
    assert max(column) <= 1.02 * min(column), column
