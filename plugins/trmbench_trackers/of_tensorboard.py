"""TensorBoard: event files in the folder `tensorboard` of the results folder."""

from __future__ import annotations

from collections.abc import Mapping

from torch.utils.tensorboard import SummaryWriter

from trmbench import Trial
from trmbench_trackers.settings import settings


class TensorBoard:
    """The event file of one trial."""

    def __init__(self, trial: Trial) -> None:
        root = "." if "://" in trial.results else trial.results
        # What a killed process has left of this trial beyond its checkpoint is hidden.
        self._writer = SummaryWriter(f"{root}/tensorboard/{trial.trial_id}", purge_step=0)
        self._last = 0
        told = "\n".join(f"    {key} = {value}" for key, value in settings(trial).items())
        self._writer.add_text("configuration", f"{trial.label}\n\n{told}")

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Write figures of a training step."""
        self._last = step
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def end(self, figures: Mapping[str, float]) -> None:
        """Write the results at the last step."""
        self.log(self._last, figures)
        self._writer.close()


start = TensorBoard
