"""A runner for clusters: every trial is a Ray task (https://docs.ray.io)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trmbench import RunnerSpec, hookimpl

if TYPE_CHECKING:
    from trmbench import Runner


def _create(execution: Mapping[str, Any]) -> Runner:
    from trmbench_ray.runner import RayRunner

    return RayRunner(execution)


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """The Ray runner."""
    return [RunnerSpec("ray", "Tasks of a Ray cluster, or of one started here", _create)]
