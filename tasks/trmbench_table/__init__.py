"""The table task: puzzles of one's own from a CSV, JSONL or Parquet file, without a plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSample, TaskSpec, hookimpl
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


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the table task."""
    return [table_task("table", "A table of one's own")]
