"""The learning curve of a running trial, written now and then for whoever looks."""

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

    def write(self, curve: Sequence[Mapping[str, Any]]) -> None:
        """Write the points until now, unless that was done a moment ago."""
        if curve and time.monotonic() >= self._next:
            points = [{"trial_id": self._trial_id, **point} for point in curve]
            with contextlib.suppress(TrmbenchError):  # the curve at the end is the one that counts
                self._store.write("curves", self._trial_id, points)
            self._next = time.monotonic() + self._pause
