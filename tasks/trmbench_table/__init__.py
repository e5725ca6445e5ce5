"""Puzzles as texts, without a plugin: a table of one's own, or a generator of reasoning-gym.

A table is a CSV, JSONL or Parquet file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSample, TaskSpec, TrmbenchError, hookimpl
from trmbench_table.gym_options import PACKAGE, GymOptions, is_installed
from trmbench_table.options import TableOptions

if TYPE_CHECKING:
    from trmbench import Task

__all__ = ["TableOptions", "table_task"]


def _load(options: TableOptions) -> Task:
    from trmbench_table.task import load

    return load(options)


def _fitted(options: TableOptions, preset: str) -> Preset:
    from trmbench_table.fitting import fitted

    return fitted(options) if preset == "mini" else Preset()


def _sample(options: TableOptions, count: int) -> TaskSample:
    from trmbench_table.fitting import sample

    return sample(options, count)


def _gym_sample(options: GymOptions, count: int) -> TaskSample:
    whole = replace(options, generator=options.generator or "chain_sum")
    return _sample(replace(whole, made=whole.count), count)


def _gym_lacking(options: GymOptions) -> Mapping[str, str]:
    if not options.has_data:
        return {"generator": "it names none"}
    return {} if is_installed() else {"generator": f"the package {PACKAGE} is not installed"}


def _lacking(options: TableOptions) -> Mapping[str, str]:
    return {} if options.has_data else {"path": "it names no data"}


def table_task(name: str, title: str, options: type[TableOptions] = TableOptions) -> TaskSpec:
    """Offer a task that reads a table.

    Args:
        name: what `--task` calls it.
        title: for people.
        options: its options; a subclass has other defaults, such as the path of its data.
    """
    return TaskSpec(
        name=name,
        title=title,
        options=options,
        load=_load,
        sample=_sample,
        lacking=_lacking,
        fitted=_fitted,
        presets={"paper": Preset(), "mini": Preset()},
    )


def gym_task(generator: str) -> TaskSpec:
    """Offer the task of a generator of reasoning-gym, called `gym:GENERATOR`."""

    def load_it(options: GymOptions) -> Task:
        if options.generator != generator:
            raise TrmbenchError(
                f"task.generator={options.generator} is another task than gym:{generator}",
                f"use --task gym:{options.generator}",
            )
        return _load(options)

    preset = Preset(options={"generator": generator})
    return replace(
        GYM,
        name=f"gym:{generator}",
        title=f"reasoning-gym, {generator}",
        presets={"paper": preset, "mini": preset},
        load=load_it,
        member=None,
    )


GYM = replace(
    table_task("gym", "reasoning-gym: gym:NAME is the task of its generator NAME", GymOptions),
    sample=_gym_sample,
    lacking=_gym_lacking,
    member=gym_task,
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the table task, and the family of tasks of reasoning-gym."""
    return [table_task("table", "A table of one's own"), GYM]
