"""The clock of a training: how fast it goes, when it tells of itself, when it is saved."""

from __future__ import annotations

import time

SECONDS_BETWEEN_EVENTS = 0.5


class Pace:
    """Measures a training from its first step in this process, in seconds.

    Args:
        step: the step that it begins at.
        save_every: seconds between two checkpoints.
    """

    def __init__(self, step: int, save_every: float) -> None:
        self._first_step = step
        self.save_every = save_every
        self._started = self._now = self._told = self._saved = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last lap, or since the beginning."""
        before, self._now = self._now, time.monotonic()
        return self._now - before

    def rate(self, step: int) -> float:
        """Steps per second up to a step."""
        return (step - self._first_step) / max(self._now - self._started, 1e-9)

    @property
    def is_time_to_tell(self) -> bool:
        """Whether the last event is long enough ago."""
        return self._now - self._told > SECONDS_BETWEEN_EVENTS

    @property
    def is_time_to_save(self) -> bool:
        """Whether the last checkpoint is long enough ago."""
        return self._now - self._saved > self.save_every

    def told(self) -> None:
        """Note that an event was sent."""
        self._told = self._now

    def saved(self) -> None:
        """Note that a checkpoint was written."""
        self._saved = self._now
