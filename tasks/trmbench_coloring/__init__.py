"""The Coloring task: give the vertices of a graph three colours; many answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_coloring.options import ColoringOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: ColoringOptions) -> Task:
    from trmbench_coloring.task import load

    return load(options)


COLORING = TaskSpec(
    name="coloring",
    title="Graph 3-colouring",
    options=ColoringOptions,
    load=_load,
    sample=ColoringOptions.benchmark_sample,
    presets={
        "paper": Preset(options={"vertices": 10}),
        "mini": Preset(options={"train_puzzles": 400, "test_puzzles": 1000}),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Coloring task."""
    return [COLORING]
