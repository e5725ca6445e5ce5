"""One pair of cells tested by itself, before the correction for further comparisons."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .cells import CellMoments, PairedMoments, ScoreArray, moments
from .collapse import outlying_seeds, outlying_values
from .estimate import Estimate, constant_estimate, t_estimate
from .intervals import THIS_TEST_SET
from .power import MINIMUM_SEEDS
from .variance import (
    DifferenceVariance,
    checkpoint_variance,
    difference_variance,
    paired_variance,
)

Scores = ScoreArray | CellMoments
Pair = tuple[Scores, Scores] | PairedMoments


class Asked(NamedTuple):
    """What is asked of every pair of a call."""

    margin: float | None
    confidence: float
    ignore_failed: bool
    population: int | str | None
    plan: float | None
    tolerance: float | None
    looks: tuple[int, ...]


class PairTest(NamedTuple):
    """One pair before correction for multiplicity."""

    a: CellMoments
    b: CellMoments
    names: tuple[str, str]
    paired: bool
    superiority: float
    parts: DifferenceVariance | None
    refusal: str | None
    estimate: Estimate
    remarks: tuple[str, ...]
    """What a reader of any verdict has to know of the seeds."""


def test_pair(pair: Pair, names: tuple[str, str], asked: Asked) -> PairTest:
    paired = isinstance(pair, PairedMoments)
    a, b = (pair.a, pair.b) if isinstance(pair, PairedMoments) else map(moments, pair)
    if a.puzzles != b.puzzles:
        raise ValueError(f"A has {a.puzzles} puzzles and B {b.puzzles}: they must be the same ones")
    population = a.puzzles if asked.population == THIS_TEST_SET else asked.population
    if isinstance(population, str):
        raise ValueError(f'a population is a number of puzzles or "{THIS_TEST_SET}"')
    if population is not None and population < a.puzzles:
        raise ValueError(f"a population of {population} has no {a.puzzles} puzzles")
    refusal = _refusal(a, b, names, asked, paired)
    enough = min(a.seeds, b.seeds) >= MINIMUM_SEEDS and a.puzzles > 1
    parts = None
    if enough and isinstance(pair, PairedMoments):
        parts = paired_variance(pair, population)
    elif enough:
        parts = difference_variance(a, b, population)
    variance, degrees = (parts.variance, parts.degrees) if parts else checkpoint_variance(a, b)
    difference = _difference(a, b)
    bounds = (asked.confidence, asked.margin, asked.tolerance)
    if variance == 0:
        estimate = constant_estimate(difference, a.puzzles, *bounds)
    else:
        estimate = t_estimate(difference, math.sqrt(variance), degrees, *bounds)
    if refusal:
        nan = math.nan
        estimate = replace(estimate, p_value=nan, p_equivalence=nan, p_not_worse=nan)
    if isinstance(pair, PairedMoments):
        superiority = _share_above(pair.differences)
    else:
        superiority = probability_of_superiority(a.seed_means, b.seed_means)
    remarks = _remarks(pair if isinstance(pair, PairedMoments) else (a, b), names)
    return PairTest(a, b, names, paired, superiority, parts, refusal, estimate, remarks)


def _remarks(
    pair: tuple[CellMoments, CellMoments] | PairedMoments, names: tuple[str, str]
) -> tuple[str, ...]:
    if isinstance(pair, PairedMoments):
        least = math.sqrt(pair.residual_variance / pair.a.puzzles) if len(pair.differences) else 0.0
        apart = outlying_values(pair.differences, 0.0 if math.isnan(least) else least)
        return (apart.sentence(" - ".join(names)),) if apart else ()
    found = zip(map(outlying_seeds, pair), names, strict=True)
    return tuple(outlying.sentence(name) for outlying, name in found if outlying)


def _difference(a: CellMoments, b: CellMoments) -> float:
    difference = a.mean - b.mean
    return 0.0 if abs(difference) < 1e-12 else difference  # rounding of equal means


def _refusal(
    a: CellMoments, b: CellMoments, names: tuple[str, str], asked: Asked, paired: bool
) -> str | None:
    if a.puzzles < 2:
        return "one puzzle carries no verdict"
    seeds = f"{a.seeds} pairs of seeds" if paired else f"{a.seeds} and {b.seeds} finished seeds"
    if min(a.seeds, b.seeds) < MINIMUM_SEEDS:
        return (
            f"{seeds}: a verdict on the models needs at least {MINIMUM_SEEDS}"
            f"{'' if paired else ' each'}; the interval is about these checkpoints only"
        )
    if (a.failed or b.failed) and not asked.ignore_failed:
        failed = [
            f"{cell.failed} of {cell.failed + cell.seeds} seeds of {name}"
            for cell, name in zip((a, b), names, strict=True)
            if cell.failed
        ]
        return f"{' and '.join(failed)} did not finish, and those that did may be the lucky ones"
    if asked.looks and not (a.seeds == b.seeds and a.seeds in asked.looks):
        planned = ", ".join(map(str, asked.looks))
        return f"{seeds}: the study is to be looked at with {planned} seeds each, not between"
    return None


def probability_of_superiority(a: np.ndarray, b: np.ndarray) -> float:
    """P(A > B) + P(A = B)/2 over all pairs of seed means (K_A,), (K_B,); NaN without seeds.

    The Mann-Whitney U statistic over K_A K_B.
    """
    if len(a) == 0 or len(b) == 0:
        return math.nan
    return _share_above(a[:, None] - b[None, :])


def _share_above(differences: np.ndarray) -> float:
    """The share of differences above 0, ties half; NaN of none."""
    if differences.size == 0:
        return math.nan
    return float((np.sign(np.round(differences, 12)).mean() + 1) / 2)
