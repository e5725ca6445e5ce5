"""What produced a row: code, packages, hardware, data."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from trmbench.machine import available_cores, cpu_name

PACKAGES = ("trmbench", "torch", "numpy", "scipy", "pyarrow", "pandas")


@cache
def environment() -> dict[str, Any]:
    """The software and the machine of this process; the same at every call."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "git": git_state(Path(__file__).parent),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cores": available_cores(),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit and cleanliness of the checkout trmbench runs from; None for an installed copy."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10
            )
        except (OSError, subprocess.TimeoutExpired):  # no git here, or a stuck file system
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None or git("ls-files", "--error-unmatch", __file__) is None:
        return None
    return {"commit": commit, "dirty": bool(git("status", "--porcelain"))}
