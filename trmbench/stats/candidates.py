"""Several answers to a puzzle, and answers that a model is more or less sure of.

Shapes: P puzzles, n candidates of each, of which k are drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


def pass_at(candidates: np.ndarray, right: np.ndarray, k: int) -> np.ndarray:
    """The chance that one of k candidates is right, `1 - C(n-c, k) / C(n, k)` (Chen et al., 2021).

    It is unbiased, where `1 - (1 - c/n)^k` is too low.

    Args:
        candidates: (P,) how many there are, n.
        right: (P,) how many of them are right, c.
        k: how many are drawn, without putting back.

    Returns:
        (P,) float64.

    Raises:
        ValueError: a puzzle has fewer than k candidates.
    """
    n, c = np.asarray(candidates, np.float64), np.asarray(right, np.float64)
    _enough(float(n.min(initial=np.inf)), k)
    missed = np.ones(np.broadcast_shapes(n.shape, c.shape))
    for drawn in range(k):
        missed *= np.maximum(n - c - drawn, 0) / (n - drawn)
    return np.asarray(1 - missed)


def selected_at(right_by_score: np.ndarray, k: int) -> np.ndarray:
    """The chance that the candidate with the highest score is right among k drawn ones.

    Args:
        right_by_score: (P, n) whether each candidate is right, highest score first.
        k: how many are drawn, without putting back.

    Returns:
        (P,) float64.

    Raises:
        ValueError: there are fewer than k candidates.
    """
    ranked = np.asarray(right_by_score, np.float64)
    n = ranked.shape[1]
    _enough(n, k)
    # C(n-i, k-1) / C(n, k): the i-th is drawn, and none of those before it.
    place = np.arange(1, n)
    highest = np.cumprod(np.concatenate([[k / n], np.maximum(n - place - k + 1, 0) / (n - place)]))
    return np.asarray(ranked @ highest)


def solutions_at(
    times_found: np.ndarray, puzzle: np.ndarray, candidates: np.ndarray, k: int
) -> np.ndarray:
    """The expected number of different right answers among k candidates.

    Args:
        times_found: (M,) how many candidates give each different right answer of all puzzles.
        puzzle: (M,) the puzzle that it answers, 0 to P - 1.
        candidates: (P,) how many candidates there are.
        k: how many are drawn, without putting back.

    Returns:
        (P,) float64.

    Raises:
        ValueError: a puzzle has fewer than k candidates.
    """
    n = np.asarray(candidates)
    _enough(float(n.min(initial=k)), k)
    return np.bincount(puzzle, pass_at(n[puzzle], times_found, k), len(n))


class RiskCoverage(NamedTuple):
    """What a model gets wrong when it answers the puzzles that it is surest of alone."""

    coverage: np.ndarray
    """(A,) share of all puzzles that is answered, rising; A puzzles are answered at all."""
    risk: np.ndarray
    """(A,) share of the answered ones that is wrong."""

    @property
    def area(self) -> float:
        """The mean risk over all coverages (AURC, the less the better); NaN without any answer."""
        return float(self.risk.mean()) if len(self.risk) else float("nan")


def risk_coverage(
    confidence: np.ndarray, right: np.ndarray, abstained: np.ndarray | None = None
) -> RiskCoverage:
    """Order puzzles by confidence, and count the errors of the surest ones (Geifman et al., 2019).

    Puzzles of equal confidence are answered in random order: the risk is the expected one.

    Args:
        confidence: (P,) of each answer.
        right: (P,) bool.
        abstained: (P,) bool, the puzzles to which there is no answer; None = none.
    """
    answered = np.ones(len(right), bool) if abstained is None else ~np.asarray(abstained, bool)
    doubt, wrong = -np.asarray(confidence, float)[answered], ~np.asarray(right, bool)[answered]
    order = np.argsort(doubt)
    _, group, size = np.unique(doubt[order], return_inverse=True, return_counts=True)
    share = np.bincount(group, wrong[order], len(size)) / size
    number = np.arange(1, len(doubt) + 1)
    return RiskCoverage(number / max(1, len(right)), np.cumsum(share[group]) / number)


def _enough(least: float, k: int) -> None:
    if not 1 <= k <= least:
        raise ValueError(f"{k} candidates are drawn of {least:g}")
