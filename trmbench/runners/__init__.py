"""The runner that needs nothing but this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trmbench.errors import TrmbenchError
from trmbench.plugin.hookspecs import hookimpl
from trmbench.spec import RunnerFlag, RunnerSpec, setting

if TYPE_CHECKING:
    from trmbench.spec import Runner


@dataclass(frozen=True)
class LocalOptions:
    """Options that the local runner shares with runners of clusters."""

    gpus_per_trial: float | None = setting(None, at_least=0, at_most=10_000)
    """A trial's share of a GPU, such as 0.5 for two side by side; None = a whole one."""
    workers_per_trial: int | None = setting(None, at_least=1, at_most=10_000)
    """Processes of a trial: 1."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` where several processes or GPUs are wanted for one trial."""
        wanted = self.workers_per_trial or self.gpus_per_trial or 1
        if wanted > 1:
            raise TrmbenchError(
                f"the local runner has one process per trial, not {wanted:g}",
                "add --runner ray to train a trial in several",
            )


def _create(execution: Mapping[str, Any], options: LocalOptions) -> Runner:
    from trmbench.runners.local import LocalRunner

    return LocalRunner(execution, options.gpus_per_trial or 1)


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """The local runner."""
    return [
        RunnerSpec(
            "local",
            "Processes on this machine, one trial each",
            _create,
            LocalOptions,
            [
                RunnerFlag(
                    "--gpus-per-trial", "gpus_per_trial", "GPUs of a trial, or its share of one."
                )
            ],
            former={f"execution.{key}": key for key in ("gpus_per_trial", "workers_per_trial")},
        )
    ]
