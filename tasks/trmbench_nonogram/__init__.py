"""The Nonogram task: pictures to be found from the lengths of their runs, always generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_nonogram.options import NonogramOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: NonogramOptions) -> Task:
    from trmbench_nonogram.task import load

    return load(options)


NONOGRAM = TaskSpec(
    name="nonogram",
    title="Nonogram",
    options=NonogramOptions,
    load=_load,
    sample=NonogramOptions.benchmark_sample,
    presets={
        "paper": Preset(options={"max_black": 0.6, "min_rounds": 5}),
        "mini": Preset(options={"size": 5, "min_black": 0.4}),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Nonogram task."""
    return [NONOGRAM]
