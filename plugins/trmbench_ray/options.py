"""Options of the Ray runner."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import RunnerFlag, TrmbenchError, setting


@dataclass(frozen=True)
class RayOptions:
    """Which cluster, and what a trial gets of it. None of it changes what is learned."""

    address: str | None = None
    """"auto", HOST:PORT or ray://HOST:PORT; None = $RAY_ADDRESS, or a cluster of this machine."""
    cpus_per_trial: float | None = setting(None, at_least=0, at_most=10_000)
    """CPU cores that the cluster sets aside for a trial; None = `train.threads`."""
    gpus_per_trial: float | None = setting(None, at_least=0, at_most=10_000)
    """GPUs of a trial, or its share of one; None = 1 where the cluster has any."""
    workers_per_trial: int | None = setting(None, at_least=1, at_most=10_000)
    """Processes that train a trial together, each its share of every batch; None = one for each of
    `gpus_per_trial`. Changes the last bits of the numbers."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` where workers would share a GPU."""
        if self.workers > 1 and (self.gpus_per_trial or 0) % self.workers:
            raise TrmbenchError(
                f"{self.workers} workers of a trial cannot share {self.gpus_per_trial:g} GPUs",
                "give each a whole one: --gpus-per-trial as many as --workers-per-trial",
            )

    @property
    def workers(self) -> int:
        """How many processes train a trial together."""
        return self.workers_per_trial or max(1, int(self.gpus_per_trial or 1))


FLAGS = (
    RunnerFlag("--ray-address", "address", "auto, HOST:PORT or ray://HOST:PORT."),
    RunnerFlag(
        "--gpus-per-trial",
        "gpus_per_trial",
        "GPUs of a trial, which share its batches, or its share of one.",
    ),
    RunnerFlag("--cpus-per-trial", "cpus_per_trial", "CPU cores of a trial."),
    RunnerFlag(
        "--workers-per-trial",
        "workers_per_trial",
        "Processes that share a trial's batches; as many as its GPUs if not given.",
    ),
)
FORMER = {
    "execution.ray_address": "address",
    "execution.cpus_per_trial": "cpus_per_trial",
    "execution.gpus_per_trial": "gpus_per_trial",
    "execution.workers_per_trial": "workers_per_trial",
}
"""What the settings were called when they were of `execution`."""
