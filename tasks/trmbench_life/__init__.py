"""The Life task: where Conway's Game of Life is after some generations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_life.options import LifeOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: LifeOptions) -> Task:
    from trmbench_life.task import load

    return load(options)


LIFE = TaskSpec(
    name="life",
    title="Game of Life",
    options=LifeOptions,
    load=_load,
    sample=LifeOptions.benchmark_sample,
    presets={
        "paper": Preset(options={"train_puzzles": 190_000, "test_puzzles": 2_000}),
        "mini": Preset(options={"size": 6, "train_puzzles": 2_000, "test_puzzles": 500}),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Life task."""
    return [LIFE]
