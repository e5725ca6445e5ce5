"""What a user gets by `pip install`."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTION = importlib.metadata.distribution("trmbench")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def is_editable() -> bool:
    origin = json.loads(DISTRIBUTION.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


@pytest.mark.skipif(is_editable(), reason="an editable install lists no files; tox tests the wheel")
def test_the_wheel_ships_the_packages_and_nothing_else() -> None:
    tops = {file.parts[0] for file in DISTRIBUTION.files or []}
    packages = {name for name in tops if not name.endswith(".dist-info") and name != ".."}
    assert packages == {"trmbench", *(path.name for path in first_party_packages())}


def first_party_packages() -> list[Path]:
    return [path.parent for path in ROOT.glob("*/trmbench_*/__init__.py")]


def test_every_first_party_package_is_an_entry_point() -> None:
    named = {e.value for e in DISTRIBUTION.entry_points if e.group == "trmbench"}
    packages = {path.name for path in first_party_packages()}
    assert named == {"trmbench.runners", *packages}


def test_every_dependency_is_imported_somewhere() -> None:
    code = "\n".join(
        path.read_text()
        for folder in ("trmbench", "plugins", "tasks")
        for path in (ROOT / folder).rglob("*.py")
    )
    modules = importlib.metadata.packages_distributions()
    for requirement in PROJECT["dependencies"]:
        name = re.split(r"[>\[]", requirement)[0]
        tops = [top for top, found in modules.items() if name in map(str.lower, found)]
        assert any(re.search(rf"(import|from) {top}\b", code) for top in tops), name


def test_constraints_pin_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    for requirement in PROJECT["dependencies"]:
        assert re.split(r"[>\[]", requirement)[0].lower() in pinned


def test_the_version_is_said_once_everywhere() -> None:
    assert importlib.import_module("trmbench").__version__ == PROJECT["version"]
    assert DISTRIBUTION.version == PROJECT["version"]
