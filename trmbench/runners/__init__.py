"""The runner that needs nothing but this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trmbench.plugin.hookspecs import hookimpl
from trmbench.spec import RunnerSpec

if TYPE_CHECKING:
    from trmbench.spec import Runner


def _create(execution: Mapping[str, Any]) -> Runner:
    from trmbench.runners.local import LocalRunner

    return LocalRunner(execution)


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """The local runner."""
    return [RunnerSpec("local", "Processes on this machine, one trial each", _create)]
