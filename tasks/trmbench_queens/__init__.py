"""The Queens task: complete a board so that no queen attacks another; many answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_queens.options import QueensOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: QueensOptions) -> Task:
    from trmbench_queens.task import load

    return load(options)


QUEENS = TaskSpec(
    name="queens",
    title="N-Queens completion",
    options=QueensOptions,
    load=_load,
    sample=QueensOptions.benchmark_sample,
    presets={
        "paper": Preset(options={"size": 10, "min_hidden": 7, "max_hidden": 9}),
        "mini": Preset(options={"train_puzzles": 400, "test_puzzles": 240}),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Queens task."""
    return [QUEENS]
