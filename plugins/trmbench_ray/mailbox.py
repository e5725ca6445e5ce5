"""The actor through which trials are heard, and a trial's line to it."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import ray

from trmbench import TrialEvent

SECONDS_BETWEEN_LOOKS = 1.0


@ray.remote(num_cpus=0, max_restarts=-1)
class Mailbox:
    """Gathers the events of all trials for the driver, and tells the trials to stop."""

    def __init__(self) -> None:
        self._events: list[TrialEvent] = []
        self._stopping = False

    def post(self, event: TrialEvent) -> bool:
        """Leave an event; returns whether to stop."""
        self._events.append(event)
        return self._stopping

    def take(self) -> list[TrialEvent]:
        """The events since the last time."""
        taken, self._events = self._events, []
        return taken

    def stop(self) -> None:
        """Have all trials checkpointed and left."""
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether trials are to stop."""
        return self._stopping


class Correspondent:
    """A trial's line to the mailbox; losing the mailbox loses news, and never the trial."""

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox
        self._question: Any = None
        self._last_look = time.monotonic()
        self._stopping = False

    def send(self, event: TrialEvent) -> None:
        """Leave an event, without waiting."""
        with contextlib.suppress(ray.exceptions.RayError):
            self._mailbox.post.remote(event)

    def should_stop(self) -> bool:
        """Whether the driver wants the trial to be left; looks once a second and never waits."""
        now = time.monotonic()
        if not self._stopping and now - self._last_look > SECONDS_BETWEEN_LOOKS:
            self._last_look = now
            with contextlib.suppress(ray.exceptions.RayError):
                self._look()
        return self._stopping

    def _look(self) -> None:
        question, self._question = self._question, None
        if question is None:
            self._question = self._mailbox.is_stopping.remote()
        elif ray.wait([question], timeout=0)[0]:
            self._stopping = ray.get(question)
        else:
            self._question = question

    def wait(self) -> None:
        """Until what was sent is there: the driver shows a trial's last events, then its result."""
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(self._mailbox.is_stopping.remote(), timeout=SECONDS_BETWEEN_LOOKS)
