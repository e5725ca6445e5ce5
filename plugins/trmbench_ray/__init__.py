"""Ray (https://docs.ray.io): a runner for clusters, whose tasks are trials, and `trmbench tune`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from trmbench import RunnerSpec, TrmbenchError, hookimpl
from trmbench_ray.options import FLAGS, FORMER, RayOptions

if TYPE_CHECKING:
    import click

    from trmbench import Runner


def _create(execution: Mapping[str, Any], options: RayOptions) -> Runner:
    if find_spec("ray") is None:
        raise TrmbenchError(
            "the ray runner needs Ray, which is not installed",
            "pip install 'trmbench[ray]', or leave out --runner ray",
        )
    from trmbench_ray.runner import RayRunner

    return RayRunner(execution, options)


@hookimpl
def trmbench_commands(cli: click.Group) -> None:
    """Add `tune`."""
    from trmbench_ray.tune_command import command

    cli.add_command(command)


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
