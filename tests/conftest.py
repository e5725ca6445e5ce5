"""What the tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
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
"""A real trial that takes a second or two."""

Command = Callable[..., subprocess.CompletedProcess[str]]


def trmbench(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a user does."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("TRMBENCH_")}
    return subprocess.run(
        [sys.executable, "-m", "trmbench.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=variables | {"NO_COLOR": "1"} | environment,
        timeout=300,
    )


@pytest.fixture(scope="session")
def tiny_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with two finished tiny trials."""
    results = tmp_path_factory.mktemp("tiny") / "results"
    done = trmbench("run", *TINY, "--seeds=2", f"--results={results}")
    assert done.returncode == 0, done.stderr
    return results


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data beside the repository or in $TRMBENCH_SHARED; skips where it is absent."""
    folder = Path(os.environ.get("TRMBENCH_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}")
    return folder
