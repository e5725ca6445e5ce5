"""Numbers become words here, with the number of seeds that would change the words."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import special

from trmbench.stats.estimate import Estimate
from trmbench.stats.variance import DifferenceVariance

MINIMUM_SEEDS = 3
"""The spread of two seeds is a guess, and the verdict would rest on the other model's spread."""
POWER = 0.8
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Side:
    """One of the two cells."""

    seeds: int
    """Finished seeds."""
    failed: int
    """Seeds without scores."""
    puzzles: int
    mean: float
    """The mean over seeds and puzzles, in 0..1; NaN without a finished seed."""


@dataclass(frozen=True)
class Evidence:
    """What a verdict on A against B rests upon, next to the estimate of their difference."""

    a: Side
    b: Side
    p_corrected: float
    """Holm's correction over all comparisons of the call."""
    p_equivalence: float
    """TOST, corrected in the same way; NaN without a margin."""
    margin: float | None
    """Differences smaller than this do not matter to the user."""
    confidence: float
    """Confidence of the estimate's interval; the number of comparisons does not widen it."""
    refusal: str | None
    """Why there is no verdict."""

    @property
    def reach(self) -> float:
        """The largest |difference| that B's mean leaves room for."""
        return max(1 - self.b.mean, self.b.mean)


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


def analyse_power(
    parts: DifferenceVariance, estimate: Estimate, margin: float | None, level: float
) -> PowerAnalysis:
    """Analyse at two-sided significance `level`, already divided by the number of comparisons."""
    error, degrees = estimate.standard_error, estimate.degrees_of_freedom
    distance = abs(estimate.difference)
    critical = _quantile(1 - level / 2, degrees) * error
    detectable = critical + _quantile(POWER, degrees) * error

    def decides(seeds: int) -> bool:
        variance, degrees = parts.at(seeds, seeds)
        error, spare = math.sqrt(variance), _quantile(POWER, degrees)
        different = distance >= (_quantile(1 - level / 2, degrees) + spare) * error
        room = (margin or 0.0) - distance
        return different or room >= (_quantile(1 - level, degrees) + spare) * error

    needed = _smallest(decides) if parts.at(3, 3)[0] > 0 else None
    return PowerAnalysis(detectable, needed, critical)


def _quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(degrees, probability))


def decide(estimate: Estimate, evidence: Evidence, power: PowerAnalysis) -> tuple[str, str]:
    """Put the verdict into a word and an explanation.

    A difference shown to lie within the margin is "equivalent" even if it is not zero: the user
    said that it does not matter.
    """
    level = 1 - evidence.confidence
    if evidence.refusal:
        return "refused", f"No verdict: {evidence.refusal}."
    text = f"{_difference(estimate, evidence.confidence)} ({_p(evidence.p_corrected)})"
    if evidence.margin is not None and evidence.p_equivalence < level:
        return "equivalent", f"{text}, within the margin of {_points(evidence.margin)}."
    if evidence.p_corrected < level:
        return ("better" if estimate.difference > 0 else "worse"), f"{text}."
    return "undecided", f"{text}. {_outlook(evidence, power)}"


def _outlook(evidence: Evidence, power: PowerAnalysis) -> str:
    if power.critical > evidence.reach:
        found = "At these numbers of seeds and puzzles no difference whatever could be shown;"
    else:
        smallest = _points(power.minimum_detectable_difference)
        found = f"Differences below {smallest} are likely to be missed;"
    now = f"{evidence.a.seeds} and {evidence.b.seeds} seeds now"
    if power.seeds_needed is None:
        return (
            f"{found} not even {MOST_SEEDS:,} seeds per model would decide it ({now}): the models"
            " differ too little, or too unevenly over these puzzles."
        )
    more = max(1, power.seeds_needed - min(evidence.a.seeds, evidence.b.seeds))
    more_seeds = "1 more seed" if more == 1 else f"{more} more seeds"
    return (
        f"{found} about {more_seeds} per model ({power.seeds_needed} each; {now}) would decide it"
        " if the observed difference is the true one."
    )


def _smallest(decides: Callable[[int], bool]) -> int | None:
    """The smallest number of seeds that decides; more seeds never decide less."""
    seeds = range(MINIMUM_SEEDS, MOST_SEEDS + 1)
    first = bisect.bisect_left(seeds, True, key=decides)
    return seeds[first] if first < len(seeds) else None


def _difference(estimate: Estimate, confidence: float) -> str:
    word = "above" if estimate.difference >= 0 else "below"
    bounds = f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"
    return (
        f"A is {_points(abs(estimate.difference))} {word} B,"
        f" {100 * confidence:g} % interval {bounds}"
    )


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
