"""A plugin with a table task under a name of its own, whether or not `table` is installed."""

from __future__ import annotations

from collections.abc import Sequence

from trmbench import TaskSpec, hookimpl
from trmbench_table import table_task


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the task `sums`."""
    return [table_task("sums", "Sums")]
