"""Speedruns: the least training time that reaches a target, by rules that are fixed beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from trmbench.comparison.cells import CellSummary, summarize
from trmbench.comparison.naming import unusual_evaluation
from trmbench.errors import TrmbenchError, unknown
from trmbench.spec.trials import Row
from trmbench.stats.claims import p_at_most
from trmbench.store import Store
from trmbench.store.machines import processor

LEVEL = 0.01
"""A record's mean lies above the target with a p-value below this."""


class Track(NamedTuple):
    """What a record is about."""

    name: str
    task: str
    preset: str
    target: float
    """Mean score over seeds, 0 to 1."""
    why: str
    """Where the target is from."""
    device: str
    """What the row's device begins with: "cpu" or "cuda". Records are per processor."""
    seeds: int
    """Seeds 0 to this less one, all of them."""


TRACKS = {
    track.name: track
    for track in (
        Track("sudoku-mini", "sudoku", "mini", 0.95, "four points below TRM's", "cpu", 10),
        Track("maze-mini", "maze", "mini", 0.80, "five points below TRM's", "cpu", 10),
        Track("sudoku", "sudoku", "paper", 0.874, "TRM-MLP in arXiv 2510.04871", "cuda", 5),
        Track("maze", "maze", "paper", 0.853, "TRM-Att in arXiv 2510.04871", "cuda", 5),
    )
}


class Check(NamedTuple):
    """A rule, and whether a cell keeps it."""

    rule: str
    holds: bool
    found: str


class Attempt(NamedTuple):
    """A cell measured by the rules of a track."""

    cell: CellSummary
    processor: str
    checks: tuple[Check, ...]
    seconds: float
    """Mean training time of the track's seeds."""

    @property
    def is_record(self) -> bool:
        """Whether it keeps every rule."""
        return all(check.holds for check in self.checks)


def find_track(name: str) -> Track:
    """Find a track by its name.

    Raises:
        TrmbenchError: there is none of that name.
    """
    if name not in TRACKS:
        raise unknown("track", name, TRACKS)
    return TRACKS[name]


def attempts(store: Store, track: Track) -> list[Attempt]:
    """Measure every cell of the track's task and preset, those that keep all rules first.

    Raises:
        TrmbenchError: there is none.
    """
    rows = [r for r in store.trials() if (r["task"], r["preset"]) == (track.task, track.preset)]
    cells = [cell for cell in summarize(store, rows) if cell.split == "test" and cell.trials]
    if not cells:
        raise TrmbenchError(
            f"no finished trial of {track.task}, {track.preset} in {store.root}",
            f"trmbench run --task {track.task} --preset {track.preset} --seeds {track.seeds}",
        )
    found = [_attempt(cell, track) for cell in cells]
    return sorted(found, key=lambda each: (not each.is_record, each.seconds))


def _attempt(cell: CellSummary, track: Track) -> Attempt:
    counted = [row for row in cell.trials if row["seed"] < track.seeds]
    seconds = [row["train_seconds"] for row in counted if row["train_seconds"] is not None]
    names = sorted({processor(row) for row in counted})
    mean = float(np.mean(seconds)) if seconds else float("nan")
    return Attempt(cell, ", ".join(names) or "-", tuple(_checks(cell, track)), mean)


def _checks(cell: CellSummary, track: Track) -> Iterator[Check]:
    """Yield the rules in the order in which they are printed."""
    places = [i for i, row in enumerate(cell.trials) if row["seed"] < track.seeds]
    counted = [cell.trials[i] for i in places]
    means = np.asarray(cell.moments.seed_means, dtype=np.float64)[places]
    p = p_at_most(replace(cell.moments, seed_means=means), track.target)
    mean = float(means.mean()) if len(means) else float("nan")
    yield Check(
        f"mean above {100 * track.target:g} % with p < {LEVEL:g}",
        bool(p < LEVEL),
        f"{100 * mean:.2f} %, p = {p:.2g}",
    )
    missing = sorted(set(range(track.seeds)) - {row["seed"] for row in counted})
    yield Check(
        f"seeds 0 to {track.seeds - 1}, every one finished",
        not missing,
        f"missing: {', '.join(map(str, missing))}" if missing else f"{len(counted)} seeds",
    )
    names = sorted({processor(row) for row in counted})
    kinds = all(str(row["device"] or "").startswith(track.device) for row in counted)
    yield Check(f"one kind of {track.device}", kinds and len(names) == 1, ", ".join(names) or "-")
    changed = sorted(key for key in cell.overrides if key.startswith("task."))
    yield Check("the data of the preset", not changed, ", ".join(changed) or "unchanged")
    unusual = unusual_evaluation(cell.rows[0])
    yield Check("the whole test set, as usual", not unusual, json.dumps(unusual or "as usual"))
    yield from _timing(counted)


def _timing(counted: Sequence[Row]) -> Iterator[Check]:
    """Check that the time is that of the training."""
    resumed = [str(row["seed"]) for row in counted if row["resumed_from_step"] is not None]
    yield Check(
        "trained in one go",
        not resumed,
        f"resumed: seed {', '.join(resumed)}" if resumed else "yes",
    )
    timed = all(row["train_seconds"] for row in counted) and bool(counted)
    yield Check("a training that took time", timed, "yes" if timed else "no time is stored")
