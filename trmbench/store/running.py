"""The trials that processes do just now, on this machine or another."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench.spec import Trial
from trmbench.store.claims import holder
from trmbench.store.datasets import Store
from trmbench.store.notes import read_notes


@dataclass(frozen=True)
class Running:
    """A trial that a process does just now."""

    trial: Trial
    process: str
    """Which process, and on which machine."""


def running(store: Store) -> tuple[list[Running], list[Trial]]:
    """The trials that are being done, and the ones that were asked for and nobody has begun."""
    ended = set(store.names("trials"))
    asked = {trial.trial_id: trial for trial in read_notes(store)}
    busy, waiting = [], []
    for trial in asked.values():
        process = holder(store.root, trial.trial_id)
        if process is not None:
            busy.append(Running(trial, str(process)))
        elif trial.name not in ended:
            waiting.append(trial)
    return busy, waiting
