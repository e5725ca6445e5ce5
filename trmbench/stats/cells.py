"""A cell's scores summed over seeds and over puzzles: all that the other methods need.

A cell of a large task is 423,000 puzzles by several seeds; it is read once, a seed at a time, and
never copied whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ScoreArray = NDArray[Any]
"""(K, P) bool, integer or float: K seeds by P puzzles, each score in 0..1."""
MINIMUM_TASKS = 4
"""Tasks that a summary over tasks needs."""


@dataclass(frozen=True, eq=False)
class CellMoments:
    """First and second moments of one cell's scores."""

    seed_means: NDArray[np.float64]
    """(K,) mean score of each finished seed."""
    puzzle_means: NDArray[np.float64]
    """(P,) mean score of each puzzle over the finished seeds."""
    residual_variance: float
    """Mean square of the seed x puzzle interaction, (K-1)(P-1) degrees of freedom; NaN without."""
    failed: int = 0
    """Seeds that have no scores."""

    @property
    def seeds(self) -> int:
        """K, the finished seeds."""
        return len(self.seed_means)

    @property
    def puzzles(self) -> int:
        """P."""
        return len(self.puzzle_means)

    @property
    def mean(self) -> float:
        """Mean over seeds and puzzles; NaN without a finished seed."""
        return float(self.seed_means.mean()) if self.seeds else float("nan")

    @property
    def seed_variance(self) -> float:
        """Unbiased variance of the seed means; NaN below two seeds."""
        return spread(self.seed_means)


@dataclass(frozen=True, eq=False)
class PairedMoments:
    """Two cells of which seed k of one belongs to seed k of the other: one network, or one base."""

    a: CellMoments
    b: CellMoments
    differences: NDArray[np.float64]
    """(K,) mean difference A - B of each pair of seeds."""
    residual_variance: float
    """Mean square of the seed x puzzle interaction of A - B; NaN without."""

    @property
    def difference_variance(self) -> float:
        """Unbiased variance of the differences; NaN below two pairs."""
        return spread(self.differences)


def spread(values: NDArray[np.float64]) -> float:
    """Unbiased variance of (n,) values, exactly 0 for equal ones and NaN below two."""
    if len(values) < 2:
        return float("nan")
    # Equal means of float scores differ in the last digits; that is no spread.
    return 0.0 if np.ptp(values) < 1e-12 else float(values.var(ddof=1))


def moments(scores: ScoreArray | CellMoments, failed: int = 0) -> CellMoments:
    """Summarise the scores (K, P) of one cell.

    A row of nothing but NaN is a failed seed: it is counted and left out. `failed` is the number
    of further failed seeds that have no row.

    Raises:
        ValueError: not two-dimensional, no puzzles, scores outside 0..1, or a row partly NaN.
    """
    if isinstance(scores, CellMoments):
        return scores
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ValueError(f"scores must be (seeds, puzzles) with puzzles, not {scores.shape}")
    finished = _finished_rows(scores)
    count, puzzles = len(finished), scores.shape[1]
    total = np.zeros(puzzles)
    seed_means = np.empty(count)
    for k, row in enumerate(finished):
        total += scores[row]
        seed_means[k] = scores[row].sum(dtype=np.float64) / puzzles
    puzzle_means = total / count if count else np.full(puzzles, np.nan)
    residual = float("nan")
    if count > 1 and puzzles > 1:
        square = sum(
            _sum_of_squares(scores[row] - puzzle_means - (seed_means[k] - seed_means.mean()))
            for k, row in enumerate(finished)
        )
        residual = square / ((count - 1) * (puzzles - 1))
        residual = 0.0 if residual < 1e-20 else residual  # rounding
    lost = len(scores) - count + failed
    return CellMoments(seed_means, puzzle_means, residual, lost)


def pair_seeds(a: ScoreArray, b: ScoreArray, failed: tuple[int, int] = (0, 0)) -> PairedMoments:
    """Summarise the scores (K, P) of two cells whose rows belong together, pair by pair.

    A pair of which a row is nothing but NaN is left out; the failed seed is counted. `failed` are
    the numbers of further failed seeds of A and of B that have no row.

    Raises:
        ValueError: different shapes, or as `moments` does.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"pairs of seeds need scores of one shape, not {a.shape} and {b.shape}")
    moments(a), moments(b)  # checks their values
    whole = [k for k in range(len(a)) if not (_is_lost(a[k]) or _is_lost(b[k]))]
    lost_a, lost_b = (
        sum(map(_is_lost, each)) + further for each, further in zip((a, b), failed, strict=True)
    )
    a, b = a[whole], b[whole]
    difference = a.astype(np.float64) - b
    residual = math.nan
    if len(whole) > 1 and a.shape[1] > 1:
        rest = difference - difference.mean(axis=0)
        rest -= rest.mean(axis=1, keepdims=True)
        residual = sum(map(_sum_of_squares, rest)) / ((len(whole) - 1) * (a.shape[1] - 1))
        residual = 0.0 if residual < 1e-20 else residual  # rounding
    return PairedMoments(moments(a, lost_a), moments(b, lost_b), difference.mean(axis=1), residual)


def lowest_of_groups(scores: ScoreArray, groups: NDArray[Any]) -> NDArray[Any]:
    """Take the lowest score (K, P) of each group (P,): (K, G), in the order of `average_groups`.

    For scorings where a group counts only if all of its members do.
    """
    scores = np.asarray(scores)
    _, index, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    lowest: NDArray[Any] = np.minimum.reduceat(scores[:, index.argsort()], starts, axis=1)
    return lowest


def average_groups(scores: ScoreArray, groups: NDArray[Any]) -> NDArray[np.float64]:
    """Average scores (K, P) over the groups (P,) that puzzles belong to: (K, G).

    For tasks whose unit of analysis is the group (ARC, where one task has several test inputs):
    the members of a group are not independent. Columns are in the order of `numpy.unique(groups)`.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[1] != len(groups):
        raise ValueError(f"{len(groups)} group names for scores of shape {scores.shape}")
    _, index, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    sums = [np.bincount(index, weights=row, minlength=len(sizes)) for row in scores]
    return np.asarray(sums).reshape(len(scores), len(sizes)) / sizes


def _is_lost(row: ScoreArray) -> bool:
    """Whether a seed has no scores."""
    return row.dtype.kind == "f" and bool(np.isnan(row).all())


def _finished_rows(scores: ScoreArray) -> list[int]:
    """Indices of the rows that are not a failed seed; checks all values on the way."""
    finished = []
    for k, row in enumerate(scores):
        missing = np.isnan(row).sum() if row.dtype.kind == "f" else 0
        if missing == len(row):
            continue
        if missing:
            raise ValueError(f"seed row {k} lacks {missing} of {len(row)} scores (NaN)")
        if row.min() < 0 or row.max() > 1:
            raise ValueError(f"seed row {k} has scores outside 0..1 (percent must be divided)")
        finished.append(k)
    return finished


def _sum_of_squares(values: NDArray[np.float64]) -> float:
    return float(values @ values)
