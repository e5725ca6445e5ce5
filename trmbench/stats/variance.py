"""The sources of the uncertainty of a difference between two cells.

Model: score = cell + puzzle + seed within cell + cell x puzzle + residual. Seeds of the two cells
are independent; puzzles are shared, so their own difficulty cancels in the difference and only
cell x puzzle remains. Mean squares give each part (Satterthwaite, 1946).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trmbench.stats.cells import CellMoments, spread


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
    """Variance of mean(A) - mean(B) as a function of the numbers of seeds, at least 2 each."""

    seeds_a: int
    seeds_b: int
    spread_a: float
    """Variance of A's seed means."""
    spread_b: float
    puzzles: float
    """Variance of the cell x puzzle part of the difference of means, never negative."""
    puzzles_weight: float
    """`puzzles`^2 over its degrees of freedom, 0 where `puzzles` is 0."""
    shares: VarianceShares

    def at(self, seeds_a: int, seeds_b: int) -> tuple[float, float]:
        """Variance and degrees of freedom if there were that many seeds of the same spreads."""
        freedom_a, freedom_b = self.seeds_a - 1, self.seeds_b - 1
        pooled = (freedom_a * self.spread_a + freedom_b * self.spread_b) / (freedom_a + freedom_b)
        own = self.degrees(self.spread_a, self.spread_b, seeds_a, seeds_b)
        # With 3 seeds against 10 a spread that happens to be small in the 3 gives the test the
        # degrees of freedom of the 10. Spreads shrunk half-way to the pooled one prevent that.
        shrunk = self.degrees(
            (self.spread_a + pooled) / 2, (self.spread_b + pooled) / 2, seeds_a, seeds_b
        )
        variance = self.spread_a / seeds_a + self.spread_b / seeds_b + self.puzzles
        return variance, min(own, shrunk)

    def degrees(self, spread_a: float, spread_b: float, seeds_a: int, seeds_b: int) -> float:
        """Satterthwaite degrees of freedom for the given spreads."""
        a, b = spread_a / seeds_a, spread_b / seeds_b
        weight = a**2 / (seeds_a - 1) + b**2 / (seeds_b - 1) + self.puzzles_weight
        return (a + b + self.puzzles) ** 2 / weight if weight > 0 else math.inf


def difference_variance(a: CellMoments, b: CellMoments) -> DifferenceVariance:
    """The parts of the variance of mean(A) - mean(B), seeds and puzzles both random.

    `SE^2 = s2_A/K_A + s2_B/K_B + max(0, Var_p(A_p - B_p)/P - res_A/(K_A P) - res_B/(K_B P))`

    The residual is taken off the puzzle term because the seed spreads contain it already.
    """
    count = a.puzzles
    residual_a = a.residual_variance / (a.seeds * count)
    residual_b = b.residual_variance / (b.seeds * count)
    between = spread(a.puzzle_means - b.puzzle_means) / count
    puzzles = max(0.0, between - residual_a - residual_b)
    weight = 0.0
    if puzzles > 0:
        weight = between**2 + residual_a**2 / (a.seeds - 1) + residual_b**2 / (b.seeds - 1)
        weight /= count - 1
    spread_a, spread_b = _spread(a), _spread(b)
    seeds = max(0.0, spread_a / a.seeds - residual_a) + max(0.0, spread_b / b.seeds - residual_b)
    return DifferenceVariance(
        seeds_a=a.seeds,
        seeds_b=b.seeds,
        spread_a=spread_a,
        spread_b=spread_b,
        puzzles=puzzles,
        puzzles_weight=weight,
        shares=_shares(seeds, puzzles, residual_a + residual_b),
    )


def checkpoint_variance(a: CellMoments, b: CellMoments) -> tuple[float, float]:
    """Variance and degrees of freedom of the difference between these very checkpoints."""
    if a.puzzles < 2:
        return math.nan, math.nan
    return spread(a.puzzle_means - b.puzzle_means) / a.puzzles, float(a.puzzles - 1)


def _spread(cell: CellMoments) -> float:
    """Variance of the seed means, not below the residual's part in it where it is exactly 0.

    Means that agree by coincidence while the seeds differ puzzle by puzzle are no certainty.
    """
    return cell.seed_variance or cell.residual_variance / cell.puzzles


def _shares(seeds: float, puzzles: float, residual: float) -> VarianceShares:
    parts = np.array([seeds, puzzles, residual])
    parts = parts / parts.sum() if parts.sum() > 0 else np.full(3, math.nan)
    return VarianceShares(*(float(part) for part in parts))
