"""docs/plugins.md: every code block is executed, every hook is described with its arguments."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from plugin_site import Site

from trmbench.plugin import hookspecs

GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"
SHORT = {
    "TRMBENCH_RUN_OVERRIDES": "train.steps=4 task.train_puzzles=64 task.test_puzzles=16",
    "TRMBENCH_RUN_LIMIT": "8",
}
"""Smaller runs of the same commands."""


class Block(NamedTuple):
    """A fenced code block."""

    language: str
    text: str

    @property
    def path(self) -> str | None:
        """The file it is to be written to."""
        match = re.match(r"# file: (\S+)\n", self.text)
        return match[1] if match else None

    @property
    def code_lines(self) -> int:
        """Lines that are neither blank nor the file's name."""
        return sum(bool(line.strip()) for line in self.text.splitlines()) - 1


def _blocks() -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in found]


def _files() -> dict[str, Block]:
    return {block.path: block for block in _blocks() if block.path}


def _commands() -> list[str]:
    lines = [line for b in _blocks() if b.language == "console" for line in b.text.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [line.removeprefix("$ ") for line in lines]


def _written(site: Site) -> None:
    for path, block in _files().items():
        target = site.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text)


def test_every_block_is_a_file_or_a_command() -> None:
    for block in _blocks():
        assert block.path or block.language == "console", block.text


@pytest.mark.parametrize(
    ("folder", "most"), [("tiny-model/tiny_model", 40), ("parity/parity", 50), ("copy-floor/", 12)]
)
def test_minimal_plugins_stay_minimal(folder: str, most: int) -> None:
    blocks = [b for path, b in _files().items() if path.startswith(folder) and "toml" not in path]
    assert 0 < sum(block.code_lines for block in blocks) <= most


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    hooks = {
        name: function
        for name, function in vars(hookspecs).items()
        if name.startswith("trmbench_") and callable(function)
    }
    documented = re.findall(r"^\| `(trmbench_\w+\(.*?\))` \|", GUIDE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(
        f"{name}({', '.join(inspect.signature(function).parameters)})"
        for name, function in hooks.items()
    )


@pytest.mark.slow
def test_every_command_works_in_order(tmp_path: Path) -> None:
    site = Site(tmp_path)
    _written(site)
    for command in _commands():
        done = site.run(command, **SHORT)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if "plugins list" in command and "DISABLE" not in command:
            assert "broken" not in done.stdout


@pytest.mark.slow
def test_oracles_are_the_ceiling_and_copying_the_floor(tmp_path: Path) -> None:
    site = Site(tmp_path)
    _written(site)
    site.install(tmp_path / "oracles", tmp_path / "copy-floor")
    for task in ("maze", "sudoku"):
        done = site.run(
            f"trmbench run --model {task}-oracle --model copy-floor --task {task} --preset mini"
        )
        assert done.returncode == 0, done.stderr
    read = (
        "import pandas; rows = pandas.read_parquet('results/trials')\n"
        "print(rows.set_index(['model', 'task']).valid_accuracy.to_dict())"
    )
    accuracy = eval(site.run(f'python -c "{read}"').stdout)
    assert accuracy == {
        ("maze-oracle", "maze"): 1.0,
        ("copy-floor", "maze"): 0.0,
        ("sudoku-oracle", "sudoku"): 1.0,
        ("copy-floor", "sudoku"): 0.0,
    }
