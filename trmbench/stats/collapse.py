"""Seeds that lie far from the others of their cell: runs that failed to learn, or that alone did.

One such run in five makes mean and interval describe neither kind of run, and no method on so few
means can know better; so they are named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .cells import CellMoments, ScoreArray, moments
from .intervals import clopper_pearson

FALSE_ALARMS = 0.01
"""How often seeds of one normal distribution are called outlying."""


@dataclass(frozen=True)
class Outlying:
    """The seeds of a cell that lie far from its others, all on one side."""

    places: tuple[int, ...]
    """Which of the finished seeds, ascending."""
    seeds: int
    """K, the finished seeds."""
    gap: float
    """Their mean minus the mean of the others; below 0 where they collapsed."""

    @property
    def share(self) -> tuple[float, float]:
        """The share of runs that are like them, 95 % (Clopper and Pearson, 1934)."""
        return clopper_pearson(len(self.places), self.seeds)

    def sentence(self, name: str) -> str:
        """Say it of the model's name."""
        return f"{self.subject(name)}: mean and interval describe neither kind of run"

    def subject(self, name: str, which: str = "") -> str:
        """Say how many of whose seeds lie where; `which` may name them."""
        count = len(self.places)
        verb, side = "lies" if count == 1 else "lie", "below" if self.gap < 0 else "above"
        distance = f"{100 * abs(self.gap):.1f} points {side} the others"
        return f"{count} of {self.seeds} seeds of {name}{which} {verb} {distance}"


_KNOWN: WeakKeyDictionary[CellMoments, Outlying | None] = WeakKeyDictionary()
"""A cell is in many pairs."""


def outlying_seeds(scores: ScoreArray | CellMoments) -> Outlying | None:
    """Find the seeds that lie far from the others of their cell; None without any.

    The farthest seed is studentised by the others (t with K-2 degrees of freedom, level 0.01 / K on
    both sides), then the farthest of the rest, for up to a third of the seeds (Rosner, 1983). The
    others' spread counts as no smaller than that of equal seeds over so many puzzles.
    """
    cell = moments(scores)
    if cell not in _KNOWN:
        _KNOWN[cell] = _outlying(cell)
    return _KNOWN[cell]


def _outlying(cell: CellMoments) -> Outlying | None:
    residual = cell.residual_variance if cell.seeds > 1 and cell.puzzles > 1 else 0.0
    return outlying_values(cell.seed_means, math.sqrt(residual / max(1, cell.puzzles)))


def outlying_values(values: NDArray[Any], least_spread: float = 0.0) -> Outlying | None:
    """Do as `outlying_seeds` with the means (K,); their spread is at least `least_spread`."""
    rest = list(range(len(values)))
    removed: list[int] = []
    found = 0
    while len(removed) < max(1, (len(values) - 1) // 3) and len(rest) > 2:
        now = values[rest]
        place = int(np.abs(now - now.mean()).argmax())
        removed.append(rest.pop(place))
        if _tail(values[removed[-1]], values[rest], least_spread) < FALSE_ALARMS / len(now):
            found = len(removed)
    if not found:
        return None
    others = float(np.delete(values, removed[:found]).mean())
    side = np.sign(values[removed[0]] - others)
    places = sorted(place for place in removed[:found] if side * (values[place] - others) > 0)
    return Outlying(tuple(places), len(values), float(values[places].mean()) - others)


def _tail(value: float, others: NDArray[Any], least_spread: float) -> float:
    """Two-sided p of a value that is one more of the others."""
    error = max(float(others.std(ddof=1)), least_spread) * math.sqrt(1 + 1 / len(others))
    distance = abs(value - float(others.mean()))
    if error < 1e-12:
        return float(distance < 1e-12)
    return 2 * float(special.stdtr(len(others) - 1, -distance / error))


def unseen_failures(seeds: int, confidence: float = 0.95) -> float:
    """The share of runs that may fail although none of so many did (one-sided bound)."""
    return 1.0 if seeds < 1 else float(1 - (1 - confidence) ** (1 / seeds))
