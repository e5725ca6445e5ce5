"""A difference with its standard error: interval, p-value and test of equivalence.

`scipy.special` holds the same distributions as `scipy.stats` and loads in a quarter of the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Estimate:
    """One difference of means, in -1..1, before correction for multiplicity."""

    difference: float
    standard_error: float
    degrees_of_freedom: float
    low: float
    """The bounds of the interval for the difference."""
    high: float
    p_value: float
    """Two-sided, for no difference; NaN where no verdict on the models is possible."""
    p_equivalence: float
    """TOST, for a difference of at least the margin; NaN without a margin."""
    p_not_worse: float = math.nan
    """One-sided, for A worse than B by at least the tolerance; NaN without a tolerance."""
    low_one_sided: float = math.nan
    """The bounds that one-sided tests rest upon: at 95 % the ones of a 90 % interval."""
    high_one_sided: float = math.nan


def t_estimate(
    difference: float,
    error: float,
    degrees: float,
    confidence: float,
    margin: float | None = None,
    tolerance: float | None = None,
) -> Estimate:
    """Estimate by Student's t; equivalence is tested by two one-sided tests (Schuirmann, 1987).

    Of their two p-values the larger counts.
    """
    low, high = _t_bounds(difference, error, degrees, confidence)
    low_one_sided, high_one_sided = _t_bounds(difference, error, degrees, 2 * confidence - 1)

    def below(value: float | None) -> float:
        return math.nan if value is None else float(special.stdtr(degrees, value / error))

    p_equivalence = below(None if margin is None else abs(difference) - margin)
    p_not_worse = below(None if tolerance is None else -difference - tolerance)
    p = 2 * float(special.stdtr(degrees, -abs(difference) / error))
    one_sided = (p_equivalence, p_not_worse, low_one_sided, high_one_sided)
    return Estimate(difference, error, degrees, low, high, p, *one_sided)


def _t_bounds(
    difference: float, error: float, degrees: float, confidence: float
) -> tuple[float, float]:
    if confidence <= 0:
        return difference, difference
    half = float(special.stdtrit(degrees, (1 + confidence) / 2)) * error
    low, high = np.clip([difference - half, difference + half], -1, 1).tolist()
    return low, high


def constant_estimate(
    difference: float,
    puzzles: int,
    confidence: float,
    margin: float | None = None,
    tolerance: float | None = None,
) -> Estimate:
    """Estimate a difference without variance: every puzzle shows it with every seed.

    The uncertainty left is binomial: P of P puzzles agree, so by Clopper and Pearson a share of at
    least (alpha/2)^(1/P) of puzzles like these agrees, and the others may show anything in -1..1.
    The p-value 2 / (1 + |difference|)^P is the alpha from which on that interval excludes 0; for a
    difference of 1 it is the sign test's.
    """
    low, high, other = _constant_bounds(difference, puzzles, confidence)
    low_one_sided, high_one_sided, _ = _constant_bounds(difference, puzzles, 2 * confidence - 1)
    p = min(1.0, 2 * (1 + abs(difference)) ** -puzzles)
    p_equivalence = p_not_worse = math.nan
    if margin is not None:
        inside = abs(difference) < margin
        p_equivalence = ((1 - margin) / (1 - abs(difference))) ** puzzles if inside else 1.0
    if tolerance is not None:
        inside = difference > -tolerance
        p_not_worse = ((1 - tolerance) / (1 + difference)) ** puzzles if inside else 1.0
    error = other / float(special.ndtri((1 + confidence) / 2))
    one_sided = (p_equivalence, p_not_worse, low_one_sided, high_one_sided)
    return Estimate(difference, error, puzzles - 1, low, high, p, *one_sided)


def _constant_bounds(
    difference: float, puzzles: int, confidence: float
) -> tuple[float, float, float]:
    """The bounds, and the share of puzzles that may show anything."""
    other = 1 - ((1 - confidence) / 2) ** (1 / puzzles)
    low = max(-1.0, (1 - other) * difference - other)
    return low, min(1.0, (1 - other) * difference + other), other
