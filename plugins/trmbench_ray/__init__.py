"""A runner for clusters: every trial is a Ray task (https://docs.ray.io)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trmbench import RunnerSpec, hookimpl
from trmbench_ray.options import FLAGS, FORMER, RayOptions

if TYPE_CHECKING:
    from trmbench import Runner


def _create(execution: Mapping[str, Any], options: RayOptions) -> Runner:
    from trmbench_ray.runner import RayRunner

    return RayRunner(execution, options)


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """The Ray runner."""
    return [
        RunnerSpec(
            "ray",
            "Tasks of a Ray cluster, or of one started here",
            _create,
            RayOptions,
            FLAGS,
            FORMER,
        )
    ]
