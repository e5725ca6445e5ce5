"""Curves over seeds: bands around their mean, the area under them, their value at a budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
DRAWS = 2000
MOST_SEEDS = 50
"""Seeds that are drawn; from there on the band no longer depends on their number."""


@dataclass(frozen=True, eq=False)
class Band:
    """A mean curve, or the difference of two, with bounds that hold at all points together."""

    mean: Floats
    """(D,)"""
    low: Floats
    """(D,); NaN for fewer than two seeds."""
    high: Floats
    """(D,)"""
    critical: float
    """Standard errors between the mean and the bounds, the same at each point."""


def seed_band(values: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the bounds of the mean over seeds at each point of a curve, Student's t.

    They hold at each point by itself, not at all of them together.

    Args:
        values: (K, X) float64 in 0..1, a row per seed.
        confidence: how often the bounds are to hold the mean.

    Returns:
        Two arrays (X,), within 0..1; NaN for fewer than two seeds.
    """
    seeds, count = values.shape
    if seeds < 2:
        unknown = np.full(count, math.nan)
        return unknown, unknown
    half = float(special.stdtrit(seeds - 1, (1 + confidence) / 2)) / math.sqrt(seeds)
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    return np.clip(mean - half * spread, 0, 1), np.clip(mean + half * spread, 0, 1)


def bands(
    a: NDArray[np.generic], b: NDArray[np.generic] | None = None, confidence: float = 0.95
) -> Band:
    """Bound a mean curve, or the difference of two, at all of its points together (sup-t).

    The bounds are `critical` standard errors from the mean everywhere: the quantile of the largest
    |t| of any point, over normal draws of as many seeds with the correlations between points that
    are seen (Montiel Olea and Plagborg-Moller, 2019, with each draw's own standard error).

    Args:
        a: (K, D) scores of K seeds at D points, for this test set; or (K, P, D) with the puzzles,
            for puzzles like these.
        b: those of another model, (K_B, D) or (K_B, P, D): the band is about A - B.
        confidence: how often all points of the true curve are to lie within.

    Raises:
        ValueError: other shapes than these.
    """
    groups = [np.asarray(each, dtype=np.float64) for each in (a, b) if each is not None]
    shapes = {each.shape[1:] for each in groups}
    if len(shapes) != 1 or groups[0].ndim not in (2, 3):
        raise ValueError(f"curves must be (K, D) or (K, P, D), alike, not {sorted(shapes)}")
    curves = [each if each.ndim == 2 else each.mean(axis=1) for each in groups]
    means = [each.mean(axis=0) for each in curves]
    mean = means[0] if b is None else means[0] - means[1]
    if min(len(each) for each in curves) < 2:
        unknown = np.full(len(mean), math.nan)
        return Band(mean, unknown, unknown, math.nan)
    between = _puzzle_part(groups) if groups[0].ndim == 3 else np.zeros((len(mean), len(mean)))
    covariances = [np.cov(each.T, ddof=1).reshape(between.shape) for each in curves]
    variance = between.diagonal().copy()
    for each, covariance in zip(curves, covariances, strict=True):
        variance += covariance.diagonal() / len(each)
    sizes = [min(len(each), MOST_SEEDS) for each in curves]
    critical = _critical(covariances, sizes, between, confidence)
    half = critical * np.sqrt(variance)
    lowest = 0.0 if b is None else -1.0
    return Band(mean, np.clip(mean - half, lowest, 1), np.clip(mean + half, lowest, 1), critical)


def _critical(
    covariances: list[Floats], sizes: list[int], between: Floats, confidence: float
) -> float:
    """The quantile of the largest |t| over the points, of draws of seeds and puzzles."""
    generator = np.random.default_rng(0)
    points = len(between)
    centre = generator.normal(size=(DRAWS, points)) @ _root(between)
    variance = np.broadcast_to(between.diagonal(), (DRAWS, points)).copy()
    for covariance, seeds in zip(covariances, sizes, strict=True):
        drawn = generator.normal(size=(DRAWS, seeds, points)) @ _root(covariance)
        centre += drawn.mean(axis=1)
        variance += drawn.var(axis=1, ddof=1) / seeds
    moves = variance.mean(axis=0) > 1e-20
    if not moves.any():
        return 0.0
    largest = (np.abs(centre[:, moves]) / np.sqrt(variance[:, moves])).max(axis=1)
    return float(np.quantile(largest, confidence))


def _root(covariance: Floats) -> Floats:
    """A matrix R with which normal rows get the covariance, but for its negative part."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.clip(values, 0, None))).T
    return root


def _puzzle_part(groups: list[Floats]) -> Floats:
    """(D, D) covariance of the mean curve that comes from the choice of puzzles alone."""
    puzzles = groups[0].shape[1]
    per_puzzle = groups[0].mean(axis=0)
    if len(groups) > 1:
        per_puzzle = per_puzzle - groups[1].mean(axis=0)
    found = np.cov(per_puzzle.T, ddof=1).reshape(per_puzzle.shape[1], -1) / puzzles
    for each in groups:
        seeds = len(each)
        rest = each - each.mean(axis=0) - each.mean(axis=1, keepdims=True)
        rest += each.mean(axis=(0, 1))
        residual = np.einsum("kpd,kpe->de", rest, rest) / ((seeds - 1) * (puzzles - 1))
        found -= residual / (seeds * puzzles)
    root = _root(found)
    part: Floats = root.T @ root
    return part


def area_under_curve(
    values: NDArray[Any], cost: Floats, low: float | None = None, high: float | None = None
) -> Floats:
    """Average curves (..., D) over the logarithm of the cost (D,): one figure per curve, (...).

    The curve is linear in log cost between its points, and counts from `low` to `high` (else from
    its first to its last point): twice the cost weighs the same everywhere.

    Raises:
        ValueError: costs that do not rise, or a range that the curve does not cover.
    """
    values = np.asarray(values, dtype=np.float64)
    first, last = (cost[0] if low is None else low), (cost[-1] if high is None else high)
    _check(values, cost, first, last)
    if not first < last:
        raise ValueError(f"an area needs a range of costs, not {first:g} to {last:g}")
    inner = cost[(cost > first) & (cost < last)]
    axis = np.log(np.concatenate([[first], inner, [last]]))
    height = _interpolated(values, np.log(cost), axis)
    width = np.diff(axis)
    area: Floats = ((height[..., 1:] + height[..., :-1]) / 2 * width).sum(-1) / width.sum()
    return area


def at_budget(values: NDArray[Any], cost: Floats, budget: float) -> Floats:
    """Take curves (..., D) at a budget: linear between the two neighbouring costs (D,).

    That is what a model scores that runs one or the other of two depths at random, so that its
    expected cost is the budget; of (K, P, D) scores it makes (K, P) for `compare`.

    Raises:
        ValueError: costs that do not rise, or a budget outside of them.
    """
    values = np.asarray(values, dtype=np.float64)
    _check(values, cost, budget, budget)
    return _interpolated(values, cost, np.array([budget]))[..., 0]


def _check(values: Floats, cost: Floats, first: float, last: float) -> None:
    if values.shape[-1] != len(cost) or not (np.diff(cost) > 0).all() or not cost[0] > 0:
        raise ValueError(f"{values.shape[-1]} points need as many rising costs above 0")
    if not (cost[0] <= first and last <= cost[-1]):
        raise ValueError(f"the curve is known from {cost[0]:g} to {cost[-1]:g} only")


def _interpolated(values: Floats, axis: Floats, at: Floats) -> Floats:
    """(..., X) values (..., D) interpolated linearly at X places of an axis (D,)."""
    right = (
        np.clip(np.searchsorted(axis, at), 1, len(axis) - 1)
        if len(axis) > 1
        else 0 * at.astype(int)
    )
    left = np.maximum(0, right - 1)
    width = axis[right] - axis[left]
    share = np.where(width > 0, (at - axis[left]) / np.where(width > 0, width, 1), 0.0)
    found: Floats = values[..., left] * (1 - share) + values[..., right] * share
    return found
