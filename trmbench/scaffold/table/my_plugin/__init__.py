"""MyPlugin, a task for trmbench: the puzzles of the files in `data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trmbench import TaskSpec, hookimpl
from trmbench_table import TableOptions, table_task


@dataclass(frozen=True)
class Options(TableOptions):
    """The keys of `task.*`, with their defaults."""

    path: str | None = str(Path(__file__).parent / "data")
    augmentations: str | None = None
    """Such as "dihedral,permute-symbols=1-9", where copies of a puzzle are puzzles as well."""
    verify: str | None = None
    """Such as "my_plugin.rules:is_right", where several answers are right."""


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the task."""
    return [table_task("my-plugin", "MyPlugin", Options)]
