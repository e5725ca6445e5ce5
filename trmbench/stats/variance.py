"""The sources of the uncertainty of a difference between two cells.

Model: score = cell + puzzle + seed within cell + cell x puzzle + residual. Puzzles are shared, so
their own difficulty cancels in the difference and only cell x puzzle remains. Seeds of the two
cells are independent, unless each seed of one has the weights, or the base, of one of the other:
then they are pairs, and what they share cancels too. Mean squares give each part (Satterthwaite,
1946).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .cells import CellMoments, PairedMoments, spread


@dataclass(frozen=True)
class VarianceShares:
    """Shares of the squared standard error of a difference; they add up to 1 (NaN if it is 0)."""

    seeds: float
    """Falls with more seeds."""
    puzzles: float
    """The models differ more on some puzzles than on others: falls with more puzzles only."""
    residual: float
    """Seed x puzzle: falls with both."""


@dataclass(frozen=True)
class DifferenceVariance:
    """Variance of mean(A) - mean(B), with the mean squares that it comes from; 2 seeds or more."""

    seeds_a: int
    seeds_b: int
    count: int
    """P, the puzzles."""
    spread_a: float
    """Variance of A's seed means; of pairs of seeds, the variance of their differences."""
    spread_b: float
    """Variance of B's seed means; 0 for pairs of seeds."""
    residual_a: float
    """Mean square of the seed x puzzle interaction of A; of pairs, of their differences."""
    residual_b: float
    between: float
    """Variance of the puzzles' differences, divided by their number."""
    puzzles: float
    """The part of `between` that is cell x puzzle: without the residuals' part, never negative."""
    population: int | None = None
    """Puzzles that are spoken of, of which `count` were tested; None = any number like these."""

    @property
    def unseen(self) -> float:
        """The share of the puzzles spoken of that were not tested, 0..1."""
        return 1.0 if self.population is None else max(0.0, 1 - self.count / self.population)

    @property
    def variance(self) -> float:
        """The squared standard error of the difference."""
        seeds = self.spread_a / self.seeds_a + self.spread_b / self.seeds_b
        return seeds + self.unseen * self.puzzles

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the variance.

        With 3 seeds against 10 a spread that happens to be small in the 3 gives the test the
        degrees of freedom of the 10. Spreads shrunk half-way to the pooled one prevent that.
        """
        freedom_a, freedom_b = self.seeds_a - 1, self.seeds_b - 1
        pooled = (freedom_a * self.spread_a + freedom_b * self.spread_b) / (freedom_a + freedom_b)
        own = self.satterthwaite(self.spread_a, self.spread_b)
        shrunk = self.satterthwaite((self.spread_a + pooled) / 2, (self.spread_b + pooled) / 2)
        return min(own, shrunk)

    def satterthwaite(self, spread_a: float, spread_b: float) -> float:
        """Satterthwaite degrees of freedom for the given spreads."""
        a, b = spread_a / self.seeds_a, spread_b / self.seeds_b
        weight = a**2 / (self.seeds_a - 1) + b**2 / (self.seeds_b - 1) + self.puzzles_weight
        return (a + b + self.unseen * self.puzzles) ** 2 / weight if weight > 0 else math.inf

    @property
    def puzzles_weight(self) -> float:
        """The squared puzzle term over its degrees of freedom; 0 where it is 0."""
        if self.puzzles <= 0:
            return 0.0
        weight = self.between**2
        weight += self._residual(self.residual_a, self.seeds_a) ** 2 / (self.seeds_a - 1)
        weight += self._residual(self.residual_b, self.seeds_b) ** 2 / (self.seeds_b - 1)
        return self.unseen**2 * weight / (self.count - 1)

    @property
    def shares(self) -> VarianceShares:
        """The sources of the variance, as shares of it."""
        a = self._residual(self.residual_a, self.seeds_a)
        b = self._residual(self.residual_b, self.seeds_b)
        seeds = max(0.0, self.spread_a / self.seeds_a - a)
        seeds += max(0.0, self.spread_b / self.seeds_b - b)
        return _shares(seeds, self.unseen * self.puzzles, a + b)

    def planned(self, seeds_a: int, seeds_b: int, count: int | None = None) -> DifferenceVariance:
        """Tell the mean squares to expect of other numbers of seeds, and of puzzles.

        The components of variance stay: between puzzles the residuals' part shrinks with more
        seeds, and with it the uncertainty of the cell x puzzle part.
        """
        count = count or self.count
        puzzles = self.puzzles * self.count / count
        between = puzzles + (self.residual_a / seeds_a + self.residual_b / seeds_b) / count
        return replace(
            self,
            seeds_a=seeds_a,
            seeds_b=seeds_b,
            count=count,
            spread_a=self._spread(self.spread_a, self.residual_a, count),
            spread_b=self._spread(self.spread_b, self.residual_b, count),
            between=between,
            puzzles=puzzles,
        )

    def _residual(self, residual: float, seeds: int) -> float:
        """The residual's part in the variance of a mean."""
        return residual / (seeds * self.count)

    def _spread(self, spread: float, residual: float, count: int) -> float:
        """The spread of seed means over another number of puzzles."""
        if count == self.count:
            return spread
        return max(0.0, spread - residual / self.count) + residual / count


def difference_variance(
    a: CellMoments, b: CellMoments, population: int | None = None
) -> DifferenceVariance:
    """The parts of the variance of mean(A) - mean(B), seeds and puzzles both random.

    `SE^2 = s2_A/K_A + s2_B/K_B + max(0, Var_p(A_p - B_p)/P - res_A/(K_A P) - res_B/(K_B P))`

    The residual is taken off the puzzle term because the seed spreads contain it already. Where
    the P puzzles are from a population of N, the puzzle term counts 1 - P/N times.
    """
    count = a.puzzles
    residual_a = a.residual_variance / (a.seeds * count)
    residual_b = b.residual_variance / (b.seeds * count)
    between = spread(a.puzzle_means - b.puzzle_means) / count
    return DifferenceVariance(
        seeds_a=a.seeds,
        seeds_b=b.seeds,
        count=count,
        spread_a=_spread(a.seed_variance, a.residual_variance, count),
        spread_b=_spread(b.seed_variance, b.residual_variance, count),
        residual_a=a.residual_variance,
        residual_b=b.residual_variance,
        between=between,
        puzzles=max(0.0, between - residual_a - residual_b),
        population=population,
    )


def paired_variance(pairs: PairedMoments, population: int | None = None) -> DifferenceVariance:
    """The parts of the variance of mean(A - B), where seed k of A belongs to seed k of B.

    `SE^2 = s2_D/K + max(0, Var_p(D_p)/P - res_D/(K P))` with D = A - B.
    """
    count, seeds = pairs.a.puzzles, pairs.a.seeds
    between = spread(pairs.a.puzzle_means - pairs.b.puzzle_means) / count
    return DifferenceVariance(
        seeds_a=seeds,
        seeds_b=seeds,
        count=count,
        spread_a=_spread(pairs.difference_variance, pairs.residual_variance, count),
        spread_b=0.0,
        residual_a=pairs.residual_variance,
        residual_b=0.0,
        between=between,
        puzzles=max(0.0, between - pairs.residual_variance / (seeds * count)),
        population=population,
    )


def checkpoint_variance(a: CellMoments, b: CellMoments) -> tuple[float, float]:
    """Variance and degrees of freedom of the difference between these very checkpoints."""
    if a.puzzles < 2:
        return math.nan, math.nan
    return spread(a.puzzle_means - b.puzzle_means) / a.puzzles, float(a.puzzles - 1)


def _spread(variance: float, residual: float, count: int) -> float:
    """Variance of the seed means, not below the residual's part in it where it is exactly 0.

    Means that agree by coincidence while the seeds differ puzzle by puzzle are no certainty.
    """
    return variance or residual / count


def _shares(seeds: float, puzzles: float, residual: float) -> VarianceShares:
    parts = np.array([seeds, puzzles, residual])
    parts = parts / parts.sum() if parts.sum() > 0 else np.full(3, math.nan)
    return VarianceShares(*(float(part) for part in parts))
