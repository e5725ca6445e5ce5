"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "trmbench"
PACKAGES = [CORE, *ROOT.glob("plugins/trmbench_*"), *ROOT.glob("tasks/trmbench_*")]
ROOMS = sorted(
    path.stem for path in CORE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
)
ALL_BUT_CLI = set(ROOMS) - {"__init__", "cli"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "stats": set(),
    "streams": set(),
    "spec": {"errors"},
    "machine": {"errors"},
    "nn": {"errors", "spec"},
    "puzzles": {"errors", "spec"},
    "plugin": {"errors", "spec"},
    "store": {"errors", "spec"},
    "evaluation": {"errors", "spec", "streams"},
    "training": {"errors", "spec", "streams", "store"},
    "config": {"errors", "spec", "plugin"},
    "published": {"errors", "spec", "nn"},
    "trial": {
        *("errors", "spec", "streams", "machine", "nn", "plugin"),
        *("config", "store", "training", "evaluation"),
    },
    "runners": {"errors", "spec", "machine", "plugin", "trial"},
    "experiment": {"errors", "spec", "machine", "plugin", "config", "store"},
    "comparison": {"errors", "spec", "store", "stats", "published"},
    "report": {"errors", "spec", "store", "stats", "published", "comparison"},
    "api": ALL_BUT_CLI,
    "bench": ALL_BUT_CLI,
    "gallery": ALL_BUT_CLI,
    "testing": ALL_BUT_CLI,
    "scaffold": ALL_BUT_CLI,
    "cli": ALL_BUT_CLI,
    "__init__": ALL_BUT_CLI,
}
"""What each part of the core may import of the core."""
PUBLIC_TO_PLUGINS = {"", "nn", "training.losses", "stats", "testing", "published"}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever in the file, also for types alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def parts_of_the_core(names: set[str]) -> set[str]:
    """The parts of the core among imported names, such as `store`."""
    return {name.split(".")[1] for name in names if name.startswith("trmbench.")} & set(ROOMS)


def files_of(part: str) -> list[Path]:
    folder = CORE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def first_circle(arrows: Mapping[str, set[str]]) -> list[str] | None:
    """The members of one circle of imports, or None."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def modules(top: Path) -> dict[str, Path]:
    """The modules of a package by their dotted names; its face goes by the package's name."""
    return {
        ".".join(file.relative_to(top.parent).with_suffix("").parts).removesuffix(".__init__"): file
        for file in top.rglob("*.py")
        if "scaffold" not in file.parts
    }


def test_every_part_of_the_core_has_its_layer() -> None:
    assert set(ALLOWED) == set(ROOMS)


@pytest.mark.parametrize("part", ROOMS)
def test_a_part_of_the_core_imports_only_what_its_layer_allows(part: str) -> None:
    for file in files_of(part):
        forbidden = parts_of_the_core(imports(file)) - ALLOWED[part] - {part}
        assert not forbidden, f"{file.relative_to(ROOT)} imports {sorted(forbidden)}"


def test_the_parts_of_the_core_import_each_other_in_no_circle() -> None:
    arrows = {
        part: set().union(*(parts_of_the_core(imports(file)) for file in files_of(part))) - {part}
        for part in ROOMS
    }
    assert first_circle(arrows) is None


@pytest.mark.parametrize(
    "top",
    [CORE, *ROOT.glob("plugins/trmbench_*"), *ROOT.glob("tasks/trmbench_*")],
    ids=lambda top: top.name,
)
def test_the_files_of_a_package_import_each_other_in_no_circle(top: Path) -> None:
    files = modules(top)
    arrows = {name: (imports(file) & set(files)) - {name} for name, file in files.items()}
    arrows.pop("trmbench", None)  # hands on the public names of all parts
    assert first_circle(arrows) is None


def test_nobody_but_the_command_line_imports_the_command_line() -> None:
    for file in (ROOT / "trmbench").rglob("*.py"):
        if "cli" not in file.relative_to(ROOT / "trmbench").parts:
            assert not any(name.startswith("trmbench.cli") for name in imports(file)), file


def test_the_core_imports_no_plugin() -> None:
    for file in (ROOT / "trmbench").rglob("*.py"):
        if "my_plugin" not in file.parts:  # a package of its user
            assert not any(name.startswith("trmbench_") for name in imports(file)), file


def test_plugins_import_only_public_modules_and_never_each_other() -> None:
    for folder in ("plugins", "tasks"):
        for file in (ROOT / folder).rglob("*.py"):
            own = file.relative_to(ROOT / folder).parts[0]
            for name in imports(file):
                top, _, rest = name.partition(".")
                if top.startswith("trmbench_"):
                    assert top == own, f"{file} imports {name}"
                place = CORE / rest.replace(".", "/")
                if top == "trmbench" and (place.is_dir() or place.with_suffix(".py").exists()):
                    public = any(
                        rest == p or (p and rest.startswith(f"{p}.")) for p in PUBLIC_TO_PLUGINS
                    )
                    assert public, f"{file} imports {name}"


@pytest.mark.parametrize(
    "command", [["--help"], ["list", "models"], ["list", "tasks"], ["run", "--help"]]
)
def test_listing_imports_no_heavy_library(command: list[str]) -> None:
    code = (
        "import sys; from trmbench.cli.main import run_command; "
        f"assert run_command({command!r}) == 0; "
        "heavy = {'torch', 'ray', 'pandas', 'scipy', 'matplotlib', 'numpy', 'pyarrow'}; "
        "heavy &= set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_CLASS, MOST_LINES_OF_A_FUNCTION = 300, 200, 50
"""Docstrings included."""


def sizes(file: Path) -> Iterator[tuple[str, int, int]]:
    """Name, lines and most lines of a file, and of each class and function in it."""
    text = file.read_text()
    yield str(file.relative_to(ROOT)), len(text.splitlines()), MOST_LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_class = isinstance(node, ast.ClassDef)
            most = MOST_LINES_OF_A_CLASS if is_class else MOST_LINES_OF_A_FUNCTION
            assert node.end_lineno is not None
            yield f"{node.name} in {file.name}", node.end_lineno - node.lineno + 1, most


@pytest.mark.parametrize("top", PACKAGES, ids=lambda top: top.name)
def test_files_classes_and_functions_are_short(top: Path) -> None:
    found = [size for file in top.rglob("*.py") for size in sizes(file)]
    assert not [f"{name}: {lines} lines" for name, lines, most in found if lines > most]


def test_files_of_tests_have_names_of_their_own() -> None:
    """Else only one of two files of a name can be collected."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
