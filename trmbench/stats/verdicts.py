"""From numbers to words, and how many more seeds would change the words."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from typing import NamedTuple

from scipy import special

from trmbench.stats.estimate import Estimate
from trmbench.stats.variance import DifferenceVariance

MINIMUM_SEEDS = 3
"""The spread of two seeds is a guess, and the verdict would rest on the other model's spread."""
POWER = 0.8
MOST_SEEDS = 1000


class Evidence(NamedTuple):
    """What a verdict on A against B rests upon; p-values are corrected for multiplicity."""

    difference: float
    low: float
    high: float
    confidence: float
    p: float
    p_equivalence: float
    margin: float | None
    reach: float
    """The largest |difference| that B's mean leaves room for."""
    seeds: tuple[int, int]
    refusal: str | None


class Plan(NamedTuple):
    """What this design can find."""

    detectable: float
    """The difference found with probability `POWER`."""
    seeds: int | None
    """Seeds per model for a decision, if the observed difference is the true one."""
    critical: float
    """The smallest |difference| that is significant."""


def plan(parts: DifferenceVariance, estimate: Estimate, margin: float | None, level: float) -> Plan:
    """Plan at two-sided significance `level`, already divided by the number of comparisons."""
    error = estimate.error
    distance = abs(estimate.difference)
    critical = _quantile(1 - level / 2, estimate.degrees) * error
    detectable = critical + _quantile(POWER, estimate.degrees) * error

    def decides(seeds: int) -> bool:
        variance, degrees = parts.at(seeds, seeds)
        error, spare = math.sqrt(variance), _quantile(POWER, degrees)
        different = distance >= (_quantile(1 - level / 2, degrees) + spare) * error
        room = (margin or 0.0) - distance
        return different or room >= (_quantile(1 - level, degrees) + spare) * error

    return Plan(detectable, _smallest(decides) if parts.at(3, 3)[0] > 0 else None, critical)


def _quantile(probability: float, degrees: float) -> float:
    """Of Student's t."""
    return float(special.stdtrit(degrees, probability))


def decide(evidence: Evidence, planned: Plan) -> tuple[str, str]:
    """The verdict's word and its explanation.

    A difference shown to lie within the margin is "equivalent" even if it is not zero: the user
    said that it does not matter.
    """
    level = 1 - evidence.confidence
    if evidence.refusal:
        return "refused", f"No verdict: {evidence.refusal}."
    text = f"{_difference(evidence)} ({_p(evidence.p)})"
    if evidence.margin is not None and evidence.p_equivalence < level:
        return "equivalent", f"{text}, within the margin of {_points(evidence.margin)}."
    if evidence.p < level:
        return ("better" if evidence.difference > 0 else "worse"), f"{text}."
    return "undecided", f"{text}. {_outlook(evidence, planned)}"


def _outlook(evidence: Evidence, planned: Plan) -> str:
    if planned.critical > evidence.reach:
        found = "At these numbers of seeds and puzzles no difference whatever could be shown;"
    else:
        found = f"Differences below {_points(planned.detectable)} are likely to be missed;"
    now = "{} and {} seeds now".format(*evidence.seeds)
    if planned.seeds is None:
        return (
            f"{found} not even {MOST_SEEDS:,} seeds per model would decide it ({now}): the models"
            " differ too little, or too unevenly over these puzzles."
        )
    more = max(1, planned.seeds - min(evidence.seeds))
    more_seeds = "1 more seed" if more == 1 else f"{more} more seeds"
    return (
        f"{found} about {more_seeds} per model ({planned.seeds} each; {now}) would decide it if the"
        " observed difference is the true one."
    )


def _smallest(decides: Callable[[int], bool]) -> int | None:
    """The smallest number of seeds that decides; more seeds never decide less."""
    seeds = range(MINIMUM_SEEDS, MOST_SEEDS + 1)
    first = bisect.bisect_left(seeds, True, key=decides)
    return seeds[first] if first < len(seeds) else None


def _difference(evidence: Evidence) -> str:
    word = "above" if evidence.difference >= 0 else "below"
    bounds = f"{100 * evidence.low:+.1f} to {100 * evidence.high:+.1f}"
    return (
        f"A is {_points(abs(evidence.difference))} {word} B,"
        f" {100 * evidence.confidence:g} % interval {bounds}"
    )


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
