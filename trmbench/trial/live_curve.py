"""The learning curve of a running trial, written and told of while it grows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trmbench.errors import TrmbenchError
from trmbench.store import Store

SECONDS_BETWEEN_WRITES, SECONDS_BETWEEN_UPLOADS = 3.0, 60.0


class LiveCurve:
    """Writes the curve of a trial while it grows; the whole one follows when the training ends.

    A trial that finished before, and is trained again, keeps its whole curve until then.

    Args:
        store: where it is written.
        trial_id: the trial.
    """

    def __init__(self, store: Store, trial_id: str) -> None:
        self._store = store
        self._trial_id = trial_id
        is_near = isinstance(store.root, Path)
        self._pause = SECONDS_BETWEEN_WRITES if is_near else SECONDS_BETWEEN_UPLOADS
        self._next = 0.0
        self._told = 0
        self._has_finished: bool | None = None

    def rows(self, curve: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Make rows of the dataset `curves` of points."""
        return [{"trial_id": self._trial_id, **point} for point in curve]

    def untold(self, curve: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows since the last call; in another process, all of them once more."""
        first, self._told = self._told, max(self._told, len(curve))
        return self.rows(curve[first:])

    def write(self, curve: Sequence[Mapping[str, Any]]) -> None:
        """Write the points until now, unless that was done a moment ago."""
        if curve and time.monotonic() >= self._next:
            with contextlib.suppress(TrmbenchError):  # the curve at the end is the one that counts
                if self._has_finished is None:
                    names = self._store.names_of([self._trial_id])
                    self._has_finished = bool(self._store.finished(names))
                if not self._has_finished:
                    self._store.write("curves", self._trial_id, self.rows(curve))
            self._next = time.monotonic() + self._pause
