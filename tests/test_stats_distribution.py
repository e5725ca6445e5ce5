"""`trmbench-stats`: the statistics as a distribution of their own, without torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "packaging" / "stats"
ABSENT = ("torch", "trmbench", "pandas", "pyarrow", "lazy_loader", "matplotlib", "ray")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *build, str(FOLDER)], check=True)
    [file] = folder.glob("trmbench_stats-*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_the_source_of_trmbench_stats_and_two_dependencies(wheel: Path) -> None:
    source = ROOT / "trmbench" / "stats"
    modules = {path.name for path in source.glob("*.py")}
    assert {path.name for path in (wheel / "trmbench_stats").glob("*.py")} == modules
    for name in modules - {"__init__.py"}:
        assert (wheel / "trmbench_stats" / name).read_bytes() == (source / name).read_bytes()
    [metadata] = wheel.glob("*.dist-info/METADATA")
    told = metadata.read_text().splitlines()
    needed = [line for line in told if line.startswith("Requires-Dist")]
    assert [line for line in needed if "extra" not in line] == [
        "Requires-Dist: numpy>=1.26",
        "Requires-Dist: scipy>=1.13",
    ]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"Version: {version}" in told


def test_it_works_where_torch_and_trmbench_are_not(wheel: Path) -> None:
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", {str(FOLDER)!r}]))
"""
    environment = {**os.environ, "PYTHONPATH": str(wheel), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=wheel, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
