"""What a study of some seeds and puzzles can find, and how large a study has to be."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .estimate import Estimate
from .variance import DifferenceVariance

MINIMUM_SEEDS = 3
"""The spread of two seeds is a guess, and the verdict would rest on the other model's spread."""
POWER = 0.8
MOST_SEEDS = 1000
MOST_PUZZLES = 10_000_000
_NODES = (np.arange(128) + 0.5) / 128


@dataclass(frozen=True)
class StudySize:
    """What finds a difference with probability `POWER`."""

    difference: float
    seeds: int | None
    """Seeds per model on as many puzzles as now; None where `MOST_SEEDS` do not."""
    puzzles: int | None
    """Puzzles with as many seeds as now; None where `MOST_PUZZLES` do not."""


@dataclass(frozen=True)
class PowerAnalysis:
    """What these numbers of seeds and puzzles can find."""

    minimum_detectable_difference: float
    """The difference found with probability `POWER`."""
    seeds_needed: int | None
    """Seeds per model for a decision if the observed difference is the true one; None where it is
    decided, or where no number up to `MOST_SEEDS` suffices."""
    critical: float
    """The smallest |difference| that is significant."""
    planned: StudySize | None = None
    """What finds the difference that the user named."""


UNKNOWN = PowerAnalysis(math.nan, None, math.nan)


def analyse_power(
    parts: DifferenceVariance,
    estimate: Estimate,
    margin: float | None,
    level: float,
    plan: float | None = None,
) -> PowerAnalysis:
    """Analyse at the two-sided significance `level` that the pair has after correction.

    Args:
        parts: the variance of the difference.
        estimate: the difference.
        margin: differences below it do not matter.
        level: the level.
        plan: a difference that a study is to find.
    """
    error, degrees = estimate.standard_error, estimate.degrees_of_freedom
    quantile = _quantile(1 - level / 2, degrees)

    def decides(seeds: int) -> bool:
        there = parts.planned(seeds, seeds)
        different = finds(there, estimate.difference, level)
        return different or (margin is not None and _equals(there, estimate, margin, level))

    return PowerAnalysis(
        detectable(quantile, degrees) * error,
        smallest(decides, range(MINIMUM_SEEDS, MOST_SEEDS + 1)) if parts.variance > 0 else None,
        quantile * error,
        None if plan is None else study_size(parts, plan, level),
    )


def study_size(parts: DifferenceVariance, difference: float, level: float) -> StudySize:
    """Find how many seeds, or how many puzzles, find a difference with probability `POWER`."""
    now = parts.seeds_a, parts.seeds_b
    most = MOST_PUZZLES if parts.population is None else parts.population
    return StudySize(
        difference,
        smallest(
            lambda seeds: finds(parts.planned(seeds, seeds), difference, level),
            range(MINIMUM_SEEDS, MOST_SEEDS + 1),
        ),
        smallest(
            lambda count: finds(parts.planned(*now, count), difference, level), range(2, most + 1)
        ),
    )


def finds(parts: DifferenceVariance, difference: float, level: float) -> bool:
    """Whether a true difference is significant with probability `POWER`."""
    error, degrees = math.sqrt(parts.variance), parts.degrees
    if error == 0:
        return difference != 0
    quantile = _quantile(1 - level / 2, degrees)
    return float(_found(abs(difference) / error, quantile, degrees).mean()) >= POWER


def finds_one_sided(shift: float, degrees: float, level: float) -> bool:
    """Whether a one-sided test finds a shift of so many standard errors with that probability."""
    return float(_found(shift, _quantile(1 - level, degrees), degrees).mean()) >= POWER


def _equals(parts: DifferenceVariance, estimate: Estimate, margin: float, level: float) -> bool:
    """Whether the two one-sided tests place a true difference within the margin as often."""
    error, degrees = math.sqrt(parts.variance), parts.degrees
    distance = abs(estimate.difference)
    if error == 0 or distance >= margin:
        return distance < margin
    quantile = _quantile(1 - level, degrees)
    near, far = (_found((margin + side * distance) / error, quantile, degrees) for side in (-1, 1))
    return float(np.maximum(0, near + far - 1).mean()) >= POWER


def _found(shift: float, quantile: float, degrees: float) -> NDArray[Any]:
    """The probabilities that t exceeds a quantile, given each of 128 equally likely spreads.

    Their mean is the power: t is noncentral. scipy's own functions of it do not end for large
    quantiles.
    """
    many = degrees > 1e6
    spreads = 1.0 if many else np.sqrt(2 * special.gammaincinv(degrees / 2, _NODES) / degrees)
    found: NDArray[Any] = special.ndtr(shift - quantile * np.atleast_1d(spreads))
    return found


def detectable(quantile: float, degrees: float) -> float:
    """Standard errors of the difference that exceeds a quantile of t with probability `POWER`."""
    low, high = 0.0, quantile + 2.0
    while _found(high, quantile, degrees).mean() < POWER:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        if _found(middle, quantile, degrees).mean() < POWER:
            low = middle
        else:
            high = middle
    return high


def smallest(suffices: Callable[[int], bool], numbers: range) -> int | None:
    """The smallest number that suffices; more never does less."""
    first = bisect.bisect_left(numbers, True, key=suffices)
    return numbers[first] if first < len(numbers) else None


def _quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(degrees, probability))
