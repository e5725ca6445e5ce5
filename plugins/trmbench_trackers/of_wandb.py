"""Weights & Biases: offline, unless WANDB_MODE says otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping

import wandb

from trmbench import Trial
from trmbench_trackers.settings import settings


class WeightsAndBiases:
    """The run of one trial."""

    def __init__(self, trial: Trial) -> None:
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "trmbench"),
            group=f"{trial.model} {trial.task} {trial.cell_id}",
            name=trial.label,
            config=settings(trial),
            mode="offline" if "WANDB_MODE" not in os.environ else None,
            reinit="create_new",  # trials run side by side
        )

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Tell figures of a training step."""
        self._run.log(dict(figures), step=step)

    def end(self, figures: Mapping[str, float]) -> None:
        """Put the results into the run's summary."""
        self._run.summary.update(dict(figures))
        self._run.finish(exit_code=0 if figures else 1)


start = WeightsAndBiases
