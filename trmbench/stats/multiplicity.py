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
