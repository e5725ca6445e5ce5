"""trackio: a local database, which `trackio show` shows."""

from __future__ import annotations

import os
from collections.abc import Mapping

import trackio

from trmbench import Trial
from trmbench_trackers.settings import settings


class Trackio:
    """The run of one trial."""

    def __init__(self, trial: Trial) -> None:
        self._run = trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", "trmbench"),
            name=f"{trial.label} {trial.trial_id}",
            group=trial.cell_id,
            config=settings(trial),
            embed=False,
        )
        self._last = 0

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Tell figures of a training step."""
        self._last = step
        self._run.log(dict(figures), step=step)

    def end(self, figures: Mapping[str, float]) -> None:
        """Tell the results at the last step."""
        self._run.log(dict(figures), step=self._last)
        self._run.finish()


start = Trackio
