"""The command line in a process of its own, and a trial that takes a second or two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TINY = [
    "--model=trm",
    "--task=maze",
    "--preset=mini",
    "--set=task.train_puzzles=64",
    "--set=task.test_puzzles=24",
    "--set=train.steps=6",
    "--set=train.batch_size=8",
    "--set=execution.log_every=2",
]


def trmbench(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("TRMBENCH_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "trmbench.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=variables | {"NO_COLOR": "1"} | environment,
        timeout=300,
    )
