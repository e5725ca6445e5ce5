"""How far a run is, and how long the rest of it takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from trmbench.spec import Trial, TrialEvent

TRAINING_SHARE = 0.9
"""Part of a trial's time that is its training; the rest is its test."""
LEAST_SHARE = 0.01
"""Below this nothing is said: the first steps are no measure of the others."""


class Remaining:
    """The share of a run that is done, and the time which the rest takes at that speed.

    Args:
        trials: what is run.
    """

    def __init__(self, trials: Iterable[Trial]) -> None:
        self._cells = {trial.trial_id: trial.cell_id for trial in trials}
        self._weights = dict.fromkeys(self._cells, 1.0)
        self._done = dict.fromkeys(self._cells, 0.0)
        self._begun: dict[str, float] = {}
        self._since: float | None = None

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Weigh the trials by the seconds that they are expected to take, by cell_id."""
        known = [value for value in seconds.values() if value > 0]
        usual = sum(known) / len(known) if known else 1.0
        self._weights = {
            trial_id: seconds.get(cell_id) or usual for trial_id, cell_id in self._cells.items()
        }

    def on_event(self, event: TrialEvent) -> None:
        """Take note of a trial's progress."""
        if event.trial_id not in self._done or not event.total:
            return
        share = min(1.0, event.step / event.total)
        done = (
            TRAINING_SHARE * share
            if event.phase == "train"
            else TRAINING_SHARE + (1 - TRAINING_SHARE) * share
        )
        if self._since is None:
            self._since = time.monotonic()
        self._begun.setdefault(event.trial_id, done)  # a resumed trial begins further on
        self._done[event.trial_id] = max(done, self._done[event.trial_id])

    def on_result(self, trial_id: str) -> None:
        """Take note that a trial ended."""
        if trial_id in self._done:
            self._begun.setdefault(trial_id, 1.0)
            self._done[trial_id] = 1.0

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1."""
        whole = sum(self._weights.values())
        done = sum(self._weights[trial] * share for trial, share in self._done.items())
        return done / whole if whole else 1.0

    def seconds(self) -> float | None:
        """Return the seconds until all trials have ended; None where nobody can tell."""
        if self._since is None or self.share > 1 - 1e-9:
            return None
        whole = sum(self._weights.values())
        skipped = sum(self._weights[trial] * share for trial, share in self._begun.items())
        own = self.share - skipped / whole
        if own < LEAST_SHARE:
            return None
        return (time.monotonic() - self._since) / own * (1 - self.share)
