"""Start-up of the command line, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

COMMANDS = {
    "bare interpreter": ["-c", "pass"],
    "import": ["-c", "import trmbench"],
    "--help": ["-P", "-m", "trmbench.cli", "--help"],
    "list models": ["-P", "-m", "trmbench.cli", "list", "models"],
}


@pytest.mark.parametrize("command", COMMANDS)
def bench_start(command: str, benchmark: Any) -> None:
    benchmark.pedantic(
        lambda: subprocess.run(
            [sys.executable, *COMMANDS[command]], check=True, stdout=subprocess.DEVNULL
        ),
        rounds=10,
        warmup_rounds=1,
    )
