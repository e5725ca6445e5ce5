"""What a results folder shows while a run goes on: who runs, the curves, the time left."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from trmbench.report.words import about, counted
from trmbench.store import Store
from trmbench.store.files import listing
from trmbench.store.location import modified
from trmbench.store.parquet import SUFFIX
from trmbench.store.running import Running, running

POINTS = 200
"""Points of a curve that are sent."""
SECONDS_BETWEEN_LOOKS = 1.0


def version(store: Store) -> str:
    """Return a text that changes whenever a trial ends, is tested again, or is removed."""
    files = listing(store.folder("trials"), SUFFIX)
    told = [f"{path.name} {_modified(path)}" for path in files]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _modified(path: Any) -> float:
    try:
        return modified(path)
    except FileNotFoundError:  # removed just now
        return 0.0


def live(store: Store) -> dict[str, Any]:
    """Return the running trials with their curves, as values that JSON knows of."""
    busy, waiting = running(store)
    trials = [_trial(store, each) for each in busy]
    left = [trial["seconds_left"] for trial in trials if trial["seconds_left"] is not None]
    said = f"{counted(len(busy), 'trial')} running, {len(waiting)} waiting" if busy else ""
    if busy and len(left) == len(busy):
        each = max(left) if not waiting else _whole(trials)
        rounds = math.ceil(len(waiting) / len(busy))
        said += f", {about(max(left) + rounds * each)} left"
    return {"version": version(store), "said": said or "Nothing is running.", "trials": trials}


def _whole(trials: list[dict[str, Any]]) -> float:
    """Return the seconds that a trial takes from its beginning, as far as the running ones tell."""
    return max(float(trial["seconds"] + trial["seconds_left"]) for trial in trials)


def _trial(store: Store, found: Running) -> dict[str, Any]:
    trial = found.trial
    names = ["step", "seconds", "loss", "exact_accuracy"]
    table = store.read("curves", names, [trial.trial_id])
    steps, seconds, losses, exact = (table[name].to_pylist() for name in names)
    total = trial.config["train"].get("steps")
    kept = range(0, len(steps), max(1, -(-len(steps) // POINTS)))
    places = sorted({*kept, len(steps) - 1} - {-1})
    return {
        "trial_id": trial.trial_id,
        "label": f"{trial.label} ({trial.preset})",
        "process": found.process,
        "step": steps[-1] if steps else 0,
        "total": total,
        "seconds": seconds[-1] if steps else 0.0,
        "seconds_left": _left(steps, seconds, total),
        "points": [[steps[i], _plain(losses[i]), _plain(exact[i])] for i in places],
    }


def _left(steps: list[int], seconds: list[float | None], total: int | None) -> float | None:
    """Return the seconds until the training ends, at its speed until now."""
    if not (total and steps and steps[-1] and seconds[-1]):
        return None
    return max(0.0, seconds[-1] / steps[-1] * (total - steps[-1]))


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


class Follower:
    """A page and the live values of a results folder, made again when its files have changed.

    Args:
        store: the results folder, which is read only.
        build: makes the page.
    """

    def __init__(self, store: Store, build: Callable[[], str]) -> None:
        self._store = store
        self._build = build
        self._looking, self._building = threading.Lock(), threading.Lock()
        self._live: dict[str, Any] = {}
        self._looked = -math.inf
        self._page = ("", "")
        """The version that was built, and the page."""

    def live(self) -> dict[str, Any]:
        """Return the live values, at most a second old."""
        with self._looking:
            if time.monotonic() - self._looked > SECONDS_BETWEEN_LOOKS:
                self._live = live(self._store)
                self._looked = time.monotonic()
            return self._live

    def page(self) -> str:
        """Return the page of the finished trials as they are now."""
        now = self.live()["version"]
        with self._building:
            if self._page[0] != now:
                self._page = (now, self._build())
            return self._page[1]
