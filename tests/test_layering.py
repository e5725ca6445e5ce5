"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIGHT = {
    "errors",
    "spec",
    "suggest",
    "settings",
    "hookspecs",
    "plugins",
    "registry",
    "values",
    "config",
    "study",
}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "spec": set(),
    "settings": {"errors"},
    "suggest": {"errors"},
    "hookspecs": {"spec"},
    "plugins": {"hookspecs", "errors"},
    "registry": {"plugins", "spec", "errors", "suggest"},
    "values": {"errors"},
    "config": {"errors", "registry", "settings", "spec", "suggest", "values"},
    "study": {"errors", "settings", "suggest", "values"},
    "streams": set(),
    "provenance": set(),
    "device": {"errors"},
    "location": {"errors"},
    "atomic": {"errors", "location"},
    "claims": {"atomic", "errors", "location"},
    "schemas": set(),
    "store": {"atomic", "errors", "location", "schemas", "spec"},
    "stats": set(),
    "nn": {"spec", "errors"},
    "puzzles": {"spec", "errors"},
    "training": {"spec", "errors", "settings", "streams", "atomic", "location"},
    "scoring": {"spec"},
    "report": {"stats", "store", "atomic", "errors", "published", "spec", "suggest"},
    "published": {"errors"},
}
"""What each part of the core may import of the core; the others may import all but `cli`."""
PUBLIC_TO_PLUGINS = {"", "nn", "training.losses", "stats", "testing"}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            if node.module == "trmbench":
                names |= {f"trmbench.{alias.name}" for alias in node.names}
    return names


def core_modules(names: set[str]) -> set[str]:
    """The parts of the core among imported names, such as `store`."""
    parts = {name.split(".")[1] for name in names if name.startswith("trmbench.")}
    return {
        part
        for part in parts
        if (ROOT / "trmbench" / part).exists() or (ROOT / f"trmbench/{part}.py").exists()
    }


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_of_the_core_imports_only_what_its_layer_allows(part: str) -> None:
    folder = ROOT / "trmbench" / part
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    for file in files:
        forbidden = core_modules(imports(file)) - ALLOWED[part] - {part}
        assert not forbidden, f"{file.relative_to(ROOT)} imports {sorted(forbidden)}"


def test_nobody_but_the_command_line_imports_the_command_line() -> None:
    for file in (ROOT / "trmbench").rglob("*.py"):
        if "cli" not in file.relative_to(ROOT / "trmbench").parts:
            assert not any(name.startswith("trmbench.cli") for name in imports(file)), file


def test_the_core_imports_no_plugin() -> None:
    for file in (ROOT / "trmbench").rglob("*.py"):
        assert not any(name.startswith("trmbench_") for name in imports(file)), file


def test_plugins_import_only_public_modules_and_never_each_other() -> None:
    for folder in ("plugins", "tasks"):
        for file in (ROOT / folder).rglob("*.py"):
            own = file.relative_to(ROOT / folder).parts[0]
            for name in imports(file):
                top, _, rest = name.partition(".")
                if top.startswith("trmbench_"):
                    assert top == own, f"{file} imports {name}"
                if (
                    top == "trmbench"
                    and (ROOT / "trmbench" / rest.replace(".", "/")).with_suffix(".py").exists()
                ):
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
