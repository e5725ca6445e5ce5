"""MyPlugin, a task for trmbench: rows of digits to be sorted.

This module is imported whenever tasks are listed: numpy and torch are imported by `load` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trmbench import Preset, PuzzleOptions, Task, TaskSpec, hookimpl, setting


@dataclass(frozen=True)
class Options(PuzzleOptions):
    """The keys of `task.*`, with their defaults."""

    source: str = "generated"
    columns: int = setting(12, at_least=2, at_most=32)
    """Digits of a row."""


def load(options: Options) -> Task:
    """The task; called once per trial."""
    from my_plugin.task import load as load_task

    return load_task(options)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the task."""
    return [
        TaskSpec(
            name="my-plugin",
            title="MyPlugin",
            presets={
                "mini": Preset(options={"columns": 8, "test_puzzles": 500}),
                "paper": Preset(),
            },
            load=load,
            options=Options,
        )
    ]
