"""Two cells over several seeds and shared puzzles: is one model better than the other?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .cells import CellMoments, PairedMoments, pair_seeds
from .estimate import Estimate
from .intervals import PUZZLES_LIKE_THESE, THIS_TEST_SET
from .looks import looks_level
from .multiplicity import holm, holm_levels
from .pair_test import Asked, Pair, PairTest, Scores, test_pair
from .power import UNKNOWN, PowerAnalysis, analyse_power
from .variance import VarianceShares
from .verdicts import Evidence, Side, decide

CHECKPOINTS = "these checkpoints, puzzles like these"


@dataclass(frozen=True)
class Comparison:
    """What can be said about mean(A) - mean(B). All scores and differences are in -1..1."""

    estimand: str
    """"seeds and puzzles like these", with a population "seeds and this test set" or the like;
    below 3 seeds "these checkpoints, puzzles like these"."""
    estimate: Estimate
    """The difference, its interval and its p-value, not corrected for further comparisons."""
    evidence: Evidence
    """What the verdict rests upon: both cells' seeds and means, corrected p-values, the margin."""
    power: PowerAnalysis
    """What could be found at these seeds and puzzles and this number of comparisons."""
    variance_shares: VarianceShares
    probability_of_superiority: float
    """The probability that a random seed of A scores higher than one of B, ties half; where seeds
    are paired, than its own one of B."""
    verdict: str
    """"better" (A than B), "worse", "equivalent", "not worse", "undecided" or "refused"."""
    explanation: str
    """The verdict in one or two sentences."""
    paired: bool = False
    """Whether seed k of A was compared with seed k of B."""

    def __str__(self) -> str:
        return self.explanation


def compare(
    a: Scores,
    b: Scores,
    margin: float | None = None,
    confidence: float = 0.95,
    ignore_failed: bool = False,
    *,
    paired: bool = False,
    population: int | str | None = None,
    plan: float | None = None,
    not_worse_than: float | None = None,
    looks: Sequence[int] = (),
    names: tuple[str, str] = ("A", "B"),
) -> Comparison:
    """Compare the scores (K_A, P) and (K_B, P) of two cells on the same puzzles, in one order.

    Puzzles are paired; both puzzles and seeds are taken as random. Scores are bool, integer or
    float in 0..1. A row of NaN is a failed seed and blocks a verdict unless `ignore_failed`.

    Args:
        a: the scores of A.
        b: the scores of B.
        margin: differences below it do not matter; allows the verdict "equivalent".
        confidence: of the interval.
        ignore_failed: give verdicts although seeds failed.
        paired: row k of A and of B belong together: one network tested in two ways, or two models
            on one trained base. Takes scores, not moments.
        population: the number of puzzles that are spoken of, of which P were tested; P, or "this
            test set", = these very puzzles. None = any number of puzzles like these.
        plan: a difference that a study is to find; the power analysis then says how large it is.
        not_worse_than: A may be worse by this; allows the verdict "not worse".
        looks: the numbers of seeds at which a growing study is looked at; each look then has a
            smaller level (Pocock, 1977).
        names: what the sentences call A and B.

    Raises:
        ValueError: different numbers of puzzles, a margin or confidence outside 0..1, a population
            below P, or bad scores (see `moments`).
    """
    return compare_all(
        [_paired(a, b) if paired else (a, b)],
        margin,
        confidence,
        ignore_failed,
        population=population,
        plan=plan,
        not_worse_than=not_worse_than,
        looks=looks,
        names=[names],
    )[0]


def _paired(a: Scores, b: Scores) -> PairedMoments:
    if isinstance(a, CellMoments) or isinstance(b, CellMoments):
        raise ValueError("pairs of seeds need the scores, not their moments")
    return pair_seeds(a, b)


def compare_all(
    pairs: Sequence[Pair],
    margin: float | None = None,
    confidence: float = 0.95,
    ignore_failed: bool = False,
    *,
    population: int | str | None | list[int | str | None] = None,
    plan: float | None = None,
    not_worse_than: float | None = None,
    looks: Sequence[int] = (),
    names: Sequence[tuple[str, str]] | None = None,
) -> list[Comparison]:
    """Compare a family of pairs (all models x tasks of one call), with Holm's correction.

    Pairs of cells, or of seeds (`pair_seeds`); see `compare` for what else can be asked. There may
    be a population for each pair.
    """
    fractions = {"margin": margin, "confidence": confidence, "plan": plan}
    for name, value in {**fractions, "not_worse_than": not_worse_than}.items():
        if value is not None and not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, not {value}")
    level = looks_level(looks, 1 - confidence) if looks else 1 - confidence
    of_each = population if isinstance(population, list) else [population] * len(pairs)
    asked = [
        Asked(margin, confidence, ignore_failed, each, plan, not_worse_than, tuple(looks))
        for each in of_each
    ]
    called = names or [("A", "B")] * len(pairs)
    tests = [test_pair(*each) for each in zip(pairs, called, asked, strict=True)]
    estimates = [test.estimate for test in tests]
    p_values = [estimate.p_value for estimate in estimates]
    corrected = zip(
        holm(p_values),
        holm([estimate.p_equivalence for estimate in estimates]),
        holm([estimate.p_not_worse for estimate in estimates]),
        holm_levels(p_values, level),
        strict=True,
    )
    family = max(1, sum(not math.isnan(p) for p in p_values))
    return [
        _conclude(test, question, family, level, *each)
        for test, question, each in zip(tests, asked, corrected, strict=True)
    ]


def _conclude(
    test: PairTest,
    asked: Asked,
    family: int,
    level: float,
    p_corrected: float,
    p_equivalence: float,
    p_not_worse: float,
    own_level: float,
) -> Comparison:
    a, b = test.a, test.b
    power, shares = UNKNOWN, VarianceShares(math.nan, math.nan, math.nan)
    if test.parts:
        shares = test.parts.shares
        power = analyse_power(test.parts, test.estimate, asked.margin, own_level, asked.plan)
    about = _about(asked.population, a.puzzles)
    evidence = Evidence(
        a=_side(a, test.names[0]),
        b=_side(b, test.names[1]),
        p_corrected=p_corrected,
        p_equivalence=p_equivalence,
        margin=asked.margin,
        confidence=asked.confidence,
        refusal=test.refusal,
        p_not_worse=p_not_worse,
        tolerance=asked.tolerance,
        family=family,
        level=level,
        looks=asked.looks,
        remarks=test.remarks,
        covers=f"{about}, paired by seed" if test.paired else about,
    )
    verdict, explanation = decide(test.estimate, evidence, power)
    return Comparison(
        estimand=f"seeds and {about}" if test.parts else CHECKPOINTS,
        estimate=test.estimate,
        evidence=evidence,
        power=power if verdict == "undecided" else replace(power, seeds_needed=None),
        variance_shares=shares,
        probability_of_superiority=test.superiority,
        verdict=verdict,
        explanation=explanation,
        paired=test.paired,
    )


def _about(population: int | str | None, puzzles: int) -> str:
    if population is None:
        return PUZZLES_LIKE_THESE
    if population in (THIS_TEST_SET, puzzles):
        return THIS_TEST_SET
    return f"the {population:,} puzzles"


def _side(cell: CellMoments, name: str) -> Side:
    return Side(cell.seeds, cell.failed, cell.puzzles, cell.mean, name)
