"""MyPlugin, a runner for trmbench: trials in this process, one after the other.

This module is imported whenever runners are listed: heavy packages are imported by `create` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trmbench import Runner, RunnerSpec, hookimpl


def create(execution: Mapping[str, Any]) -> Runner:
    """The runner; `execution` holds the keys of `execution.*`, such as `max_parallel`."""
    from my_plugin.runner import MyPlugin

    return MyPlugin()


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """Offer the runner."""
    return [RunnerSpec(name="my-plugin", title="MyPlugin", create=create)]
