"""Two cells over several seeds and shared puzzles: is one model better than the other?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from trmbench.stats.cells import CellMoments, ScoreArray, moments
from trmbench.stats.estimate import Estimate, constant_estimate, t_estimate
from trmbench.stats.multiplicity import holm
from trmbench.stats.variance import (
    DifferenceVariance,
    VarianceShares,
    checkpoint_variance,
    difference_variance,
)
from trmbench.stats.verdicts import (
    MINIMUM_SEEDS,
    Evidence,
    PowerAnalysis,
    Side,
    analyse_power,
    decide,
)

ALGORITHMS = "seeds and puzzles like these"
CHECKPOINTS = "these checkpoints, puzzles like these"


@dataclass(frozen=True)
class Comparison:
    """What can be said about mean(A) - mean(B). All scores and differences are in -1..1."""

    estimand: str
    """"seeds and puzzles like these", or below 3 seeds "these checkpoints, puzzles like these"."""
    estimate: Estimate
    """The difference, its interval and its p-value, not corrected for further comparisons."""
    evidence: Evidence
    """What the verdict rests upon: both cells' seeds and means, corrected p-values, the margin."""
    power: PowerAnalysis
    """What could be found at these seeds and puzzles and this number of comparisons."""
    variance_shares: VarianceShares
    probability_of_superiority: float
    """The probability that a random seed of A scores higher than one of B, ties half."""
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
    a: ScoreArray | CellMoments,
    b: ScoreArray | CellMoments,
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
    pairs: Sequence[tuple[ScoreArray | CellMoments, ScoreArray | CellMoments]],
    margin: float | None = None,
    confidence: float = 0.95,
    ignore_failed: bool = False,
) -> list[Comparison]:
    """Compare a family of pairs (all models x tasks of one call), with Holm's correction."""
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
        estimate = replace(estimate, p_value=math.nan, p_equivalence=math.nan)
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
    a, b, nan = test.a, test.b, math.nan
    power = PowerAnalysis(nan, None, nan)
    if test.parts:
        power = analyse_power(test.parts, test.estimate, margin, (1 - confidence) / family)
    evidence = Evidence(
        a=_side(a),
        b=_side(b),
        p_corrected=p_corrected,
        p_equivalence=p_equivalence,
        margin=margin,
        confidence=confidence,
        refusal=test.refusal,
    )
    verdict, explanation = decide(test.estimate, evidence, power)
    return Comparison(
        estimand=ALGORITHMS if test.parts else CHECKPOINTS,
        estimate=test.estimate,
        evidence=evidence,
        power=power if verdict == "undecided" else replace(power, seeds_needed=None),
        variance_shares=test.parts.shares if test.parts else VarianceShares(nan, nan, nan),
        probability_of_superiority=probability_of_superiority(a.seed_means, b.seed_means),
        verdict=verdict,
        explanation=explanation,
    )


def _side(cell: CellMoments) -> Side:
    return Side(cell.seeds, cell.failed, cell.puzzles, cell.mean)


def probability_of_superiority(a: np.ndarray, b: np.ndarray) -> float:
    """P(A > B) + P(A = B)/2 over all pairs of seed means (K_A,), (K_B,); NaN without seeds.

    The Mann-Whitney U statistic over K_A K_B.
    """
    if len(a) == 0 or len(b) == 0:
        return math.nan
    signs = np.sign(np.round(a[:, None] - b[None, :], 12))
    return float((signs.mean() + 1) / 2)
