"""Two cells over several seeds and shared puzzles: is one model better than the other?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trmbench.stats.cells import CellMoments, Scores, moments
from trmbench.stats.estimate import Estimate, constant_estimate, t_estimate
from trmbench.stats.multiplicity import holm
from trmbench.stats.variance import (
    DifferenceVariance,
    VarianceShares,
    checkpoint_variance,
    difference_variance,
)
from trmbench.stats.verdicts import MINIMUM_SEEDS, Evidence, Plan, decide, plan

ALGORITHMS = "seeds and puzzles like these"
CHECKPOINTS = "these checkpoints, puzzles like these"


@dataclass(frozen=True)
class Comparison:
    """What can be said about mean(A) - mean(B). All scores and differences are in -1..1."""

    estimand: str
    """"seeds and puzzles like these", or below 3 seeds "these checkpoints, puzzles like these"."""
    seeds_a: int
    seeds_b: int
    failed_a: int
    failed_b: int
    puzzles: int
    mean_a: float
    mean_b: float
    difference: float
    standard_error: float
    degrees_of_freedom: float
    confidence: float
    low: float
    """Bounds at `confidence`, not corrected for the number of comparisons."""
    high: float
    p_value: float
    """Two-sided; NaN where no verdict on the models is possible."""
    p_corrected: float
    """Holm over all comparisons of the call."""
    margin: float | None
    """Differences smaller than this do not matter to the user."""
    p_equivalence: float
    """TOST: that the difference is at least `margin`, Holm-corrected; NaN without a margin."""
    probability_of_superiority: float
    """That a random seed of A scores higher than one of B, ties half."""
    variance_shares: VarianceShares
    minimum_detectable_difference: float
    """Found with probability 0.8 at these seeds and puzzles and this number of comparisons."""
    seeds_needed: int | None
    """Per model, for a decision; None where it is decided, or no number up to 1,000 suffices."""
    verdict: str
    """"better" (A than B), "worse", "equivalent", "undecided" or "refused"."""
    explanation: str
    """The verdict in one or two sentences."""


class _Test(NamedTuple):
    """One pair before correction for multiplicity."""

    a: CellMoments
    b: CellMoments
    parts: DifferenceVariance | None
    refusal: str | None
    estimate: Estimate


def compare(
    a: Scores | CellMoments,
    b: Scores | CellMoments,
    margin: float | None = None,
    confidence: float = 0.95,
    ignore_failed: bool = False,
) -> Comparison:
    """Compare the scores (K_A, P) and (K_B, P) of two cells on the same puzzles, in one order.

    Seeds are unpaired, puzzles paired; both are taken as random. Scores are bool, integer or float
    in 0..1. A row of NaN is a failed seed and blocks a verdict unless `ignore_failed`.

    Raises:
        ValueError: different numbers of puzzles, a margin or confidence outside 0..1, or bad
            scores (see `moments`).
    """
    return compare_all([(a, b)], margin, confidence, ignore_failed)[0]


def compare_all(
    pairs: Sequence[tuple[Scores | CellMoments, Scores | CellMoments]],
    margin: float | None = None,
    confidence: float = 0.95,
    ignore_failed: bool = False,
) -> list[Comparison]:
    """`compare` for a family of pairs (all models x tasks of one call), with Holm's correction."""
    for name, value in (("margin", margin), ("confidence", confidence)):
        if value is not None and not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, not {value}")
    tests = [_test(moments(a), moments(b), margin, confidence, ignore_failed) for a, b in pairs]
    corrected = holm([test.estimate.p_value for test in tests])
    equivalence = holm([test.estimate.p_equivalence for test in tests])
    family = max(1, sum(not math.isnan(test.estimate.p_value) for test in tests))
    return [
        _conclude(test, p, p_equivalence, margin, confidence, family)
        for test, p, p_equivalence in zip(tests, corrected, equivalence, strict=True)
    ]


def _test(
    a: CellMoments, b: CellMoments, margin: float | None, confidence: float, ignore_failed: bool
) -> _Test:
    if a.puzzles != b.puzzles:
        raise ValueError(f"A has {a.puzzles} puzzles and B {b.puzzles}: they must be the same ones")
    refusal = _refusal(a, b, ignore_failed)
    enough = min(a.seeds, b.seeds) >= MINIMUM_SEEDS and a.puzzles > 1
    parts = difference_variance(a, b) if enough else None
    variance, degrees = parts.at(a.seeds, b.seeds) if parts else checkpoint_variance(a, b)
    difference = _difference(a, b)
    if variance == 0:
        estimate = constant_estimate(difference, a.puzzles, margin, confidence)
    else:
        estimate = t_estimate(difference, math.sqrt(variance), degrees, margin, confidence)
    if refusal:
        estimate = estimate._replace(p_value=math.nan, p_equivalence=math.nan)
    return _Test(a, b, parts, refusal, estimate)


def _difference(a: CellMoments, b: CellMoments) -> float:
    difference = a.mean - b.mean
    return 0.0 if abs(difference) < 1e-12 else difference  # rounding of equal means


def _refusal(a: CellMoments, b: CellMoments, ignore_failed: bool) -> str | None:
    if a.puzzles < 2:
        return "one puzzle carries no verdict"
    if min(a.seeds, b.seeds) < MINIMUM_SEEDS:
        return (
            f"{a.seeds} and {b.seeds} finished seeds: a verdict on the models needs at least"
            f" {MINIMUM_SEEDS} each; the interval is about these checkpoints only"
        )
    if (a.failed or b.failed) and not ignore_failed:
        return (
            f"failed seeds ({a.failed} of A, {b.failed} of B): those that finished may be the"
            " lucky ones"
        )
    return None


def _conclude(
    test: _Test,
    p_corrected: float,
    p_equivalence: float,
    margin: float | None,
    confidence: float,
    family: int,
) -> Comparison:
    a, b, estimate = test.a, test.b, test.estimate
    nan = math.nan
    planned = Plan(nan, None, nan)
    if test.parts:
        level = (1 - confidence) / family
        planned = plan(test.parts, estimate, margin, level)
    evidence = Evidence(
        difference=estimate.difference,
        low=estimate.low,
        high=estimate.high,
        confidence=confidence,
        p=p_corrected,
        p_equivalence=p_equivalence,
        margin=margin,
        reach=max(1 - b.mean, b.mean),
        seeds=(a.seeds, b.seeds),
        refusal=test.refusal,
    )
    verdict, explanation = decide(evidence, planned)
    return Comparison(
        estimand=ALGORITHMS if test.parts else CHECKPOINTS,
        seeds_a=a.seeds,
        seeds_b=b.seeds,
        failed_a=a.failed,
        failed_b=b.failed,
        puzzles=a.puzzles,
        mean_a=a.mean,
        mean_b=b.mean,
        difference=estimate.difference,
        standard_error=estimate.error,
        degrees_of_freedom=estimate.degrees,
        confidence=confidence,
        low=estimate.low,
        high=estimate.high,
        p_value=estimate.p_value,
        p_corrected=p_corrected,
        margin=margin,
        p_equivalence=p_equivalence,
        probability_of_superiority=probability_of_superiority(a.seed_means, b.seed_means),
        variance_shares=test.parts.shares if test.parts else VarianceShares(nan, nan, nan),
        minimum_detectable_difference=planned.detectable,
        seeds_needed=planned.seeds if verdict == "undecided" else None,
        verdict=verdict,
        explanation=explanation,
    )


def probability_of_superiority(a: np.ndarray, b: np.ndarray) -> float:
    """P(A > B) + P(A = B)/2 over all pairs of seed means (K_A,), (K_B,); NaN without seeds.

    The Mann-Whitney U statistic over K_A K_B.
    """
    if len(a) == 0 or len(b) == 0:
        return math.nan
    signs = np.sign(np.round(a[:, None] - b[None, :], 12))
    return float((signs.mean() + 1) / 2)
