"""Correction for many tests in one call."""

from __future__ import annotations

import math
from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Step-down adjusted p-values (Holm, 1979), in the given order.

    Controls the probability of any false rejection whatever the dependence between the tests. NaN
    (no test was made) stays NaN and does not count as a test.
    """
    tested = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    adjusted = [math.nan] * len(p_values)
    reached = 0.0
    for rank, (p, i) in enumerate(tested):
        reached = max(reached, min(1.0, p * (len(tested) - rank)))
        adjusted[i] = reached
    return adjusted


def holm_levels(p_values: Sequence[float], level: float) -> list[float]:
    """The level that each p-value has to be below, after Holm, given what the others are.

    What the others decide leaves the rest of the family: where r of m tests are rejected without
    this one, it is at `level` / (m - r). NaN has the level of one test.
    """
    tested = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    count = len(tested)
    rejected = sum(p < level for p in holm(p_values))
    levels = [level] * len(p_values)
    kept = count  # the first later test that fails once this one is out of its way
    for rank, (p, i) in reversed(list(enumerate(tested))):
        others = rejected if rank >= rejected else kept - 1
        levels[i] = level / (count - others)
        if p >= level / (count - rank + 1):
            kept = rank
    return levels
