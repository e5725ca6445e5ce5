"""MyPlugin, a task for trmbench: rows of digits to be sorted.

This module is imported whenever tasks are listed: numpy and torch are imported by `load` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trmbench import Preset, PuzzleOptions, Task, TaskSpec, TrmbenchError, hookimpl


@dataclass(frozen=True)
class Options(PuzzleOptions):
    """The keys of `task.*`, with their defaults.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    columns: int = 12
    """Digits of a row."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.columns <= 32:
            raise TrmbenchError(f"task.columns={self.columns} is not possible", "use 2 to 32")


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
