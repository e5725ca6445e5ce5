"""Packages really installed by pip, into a folder that only the test's processes see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(sys.executable).parent

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{distribution}"
version = "{version}"
[project.entry-points.trmbench]
{entry_points}
[tool.hatch.build.targets.wheel]
include = ["*.py"]
"""


class Site:
    """A folder of installed packages and the commands that see them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages = folder / "site"
        self.packages.mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """As in a virtual environment that has these packages besides trmbench."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TRMBENCH_")}
        return kept | {
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.packages),
            "PIP_TARGET": str(self.packages),
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's reading of "no" switches isolation off
            "PIP_UPGRADE": "1",
            "PIP_QUIET": "1",
            "OMP_NUM_THREADS": "1",
            "NO_COLOR": "1",
        }

    def run(
        self, command: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """A shell command with these packages in sight."""
        return subprocess.run(
            command,
            shell=True,
            cwd=cwd or self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def install(self, *folders: Path) -> None:
        """`pip install` of package folders."""
        done = self.run("pip install " + " ".join(str(folder) for folder in folders))
        assert done.returncode == 0, done.stderr

    def package(
        self, distribution: str, modules: dict[str, str], version: str = "1.0", **entry_points: str
    ) -> Path:
        """Write a package of modules, by default with an entry point of the distribution's name."""
        folder = self.folder / distribution
        folder.mkdir()
        points = entry_points or {distribution: next(iter(modules))}
        lines = "\n".join(f'{name} = "{value}"' for name, value in points.items())
        (folder / "pyproject.toml").write_text(
            PYPROJECT.format(distribution=distribution, version=version, entry_points=lines)
        )
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text)
        return folder
