"""Summaries over several tasks (Agarwal et al., 2021, "Deep RL at the edge of the statistical
precipice"), for at least four of them.

The tasks are fixed and the seeds random: nothing here speaks of tasks that were not run. Each
argument `scores` holds one (K,) array of seed means per task.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from .cells import MINIMUM_TASKS
from .intervals import clopper_pearson
from .pair_test import probability_of_superiority

Runs = Sequence[NDArray[Any]]
DRAWS = 2000
T_OVER_SEEDS = "t over seeds"
BOOTSTRAP = "bootstrap over seeds"
BOOTSTRAP_T = "t with bootstrap standard error"


@dataclass(frozen=True)
class Aggregate:
    """One figure over all tasks."""

    value: float
    low: float
    high: float
    confidence: float
    tasks: int
    method: str
    """How the interval came about: one of the constants above, "Clopper-Pearson" or "none"."""


def mean_over_tasks(scores: Runs, confidence: float = 0.95) -> Aggregate:
    """Mean over tasks of their means over seeds: each task counts the same, and none is left out.

    `SE^2 = sum_t s2_t / K_t / T^2`, with Satterthwaite's degrees of freedom. No interval where a
    task has a single run, or no seed differs from another.

    Raises:
        ValueError: fewer than four tasks, or a task without runs.
    """
    _check(scores)
    value = float(np.mean([np.mean(runs) for runs in scores]))
    low = high = math.nan
    method = "none"
    if min(len(runs) for runs in scores) > 1:
        parts = np.array([np.var(runs, ddof=1) / len(runs) for runs in scores])
        if parts.sum() > 1e-24:
            freedom = np.array([len(runs) - 1 for runs in scores])
            degrees = float(parts.sum() ** 2 / (parts**2 / freedom).sum())
            error = math.sqrt(parts.sum()) / len(scores)
            half = float(special.stdtrit(degrees, (1 + confidence) / 2)) * error
            low, high, method = max(0.0, value - half), min(1.0, value + half), T_OVER_SEEDS
    return Aggregate(value, low, high, confidence, len(scores), method)


def interquartile_mean(scores: Runs, confidence: float = 0.95, seed: int = 0) -> Aggregate:
    """Mean of the middle half of all runs of all tasks (25 % trimmed mean).

    The runs are pooled: a task with more seeds than the others weighs more. No interval where a
    task has a single run, or no seed differs from another.

    Raises:
        ValueError: fewer than four tasks, or a task without runs.
    """
    _check(scores)
    value = float(stats.trim_mean(np.concatenate(scores), 0.25))
    low = high = math.nan
    method = "none"
    if min(len(runs) for runs in scores) > 1:
        generator = np.random.default_rng(seed)
        resampled = np.concatenate([_resample(runs, generator) for runs in scores], axis=1)
        error = float(np.std(stats.trim_mean(resampled, 0.25, axis=1)))
        # Only the middle half of the runs, mostly the runs of half the tasks, carry the variance.
        degrees = sum(len(runs) - 1 for runs in scores) / 2
        half = float(special.stdtrit(degrees, (1 + confidence) / 2)) * error
        if half > 0:
            low, high, method = max(0.0, value - half), min(1.0, value + half), BOOTSTRAP_T
    return Aggregate(value, low, high, confidence, len(scores), method)


def probability_of_improvement(
    a: Runs, b: Runs, confidence: float = 0.95, seed: int = 0
) -> Aggregate:
    """Mean over tasks of the probability that a run of A beats a run of B, ties half.

    Where A wins (or loses) every time, the bootstrap sees no variance; the interval is then the
    exact binomial one of as many independent pairs of runs as there are, as for single runs.

    Raises:
        ValueError: fewer than four tasks, unlike numbers of tasks, or a task without runs.
    """
    _check(a)
    _check(b)
    if len(a) != len(b):
        raise ValueError(f"A has {len(a)} tasks and B {len(b)}: they must be the same ones")
    pairs = list(zip(a, b, strict=True))
    value = float(np.mean([probability_of_superiority(x, y) for x, y in pairs]))
    low = high = math.nan
    if min(len(runs) for runs in (*a, *b)) > 1:
        generator = np.random.default_rng(seed)
        total = np.zeros(DRAWS)
        for x, y in pairs:
            left, right = _resample(x, generator), _resample(y, generator)
            signs = np.sign(np.round(left[:, :, None] - right[:, None, :], 12))
            total += (signs.mean(axis=(1, 2)) + 1) / 2
        tail = (1 - confidence) / 2
        low, high = np.quantile(total / len(pairs), [tail, 1 - tail]).tolist()
    method = BOOTSTRAP
    if not low < high:
        independent = sum(min(len(x), len(y)) for x, y in pairs)
        method = "Clopper-Pearson"
        low, high = clopper_pearson(value * independent, independent, confidence)
    return Aggregate(value, low, high, confidence, len(pairs), method)


def performance_profile(scores: Runs, thresholds: NDArray[Any]) -> NDArray[np.float64]:
    """Share of runs above each threshold (T,), averaged over tasks: (T,), falling.

    Raises:
        ValueError: fewer than four tasks, or a task without runs.
    """
    _check(scores)
    above = [(np.asarray(runs)[:, None] > thresholds).mean(axis=0) for runs in scores]
    return np.asarray(np.mean(above, axis=0), dtype=np.float64)


def _check(scores: Runs) -> None:
    if len(scores) < MINIMUM_TASKS:
        raise ValueError(f"{len(scores)} tasks: a summary over tasks needs {MINIMUM_TASKS}")
    if any(len(runs) == 0 for runs in scores):
        raise ValueError("a task has no runs: leave it out of all models")


def _resample(runs: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
    """Bootstrap draws (DRAWS, K-1) of runs (K,).

    Drawing K-1 instead of K makes the bootstrap variance unbiased (Rao and Wu, 1988); drawing K
    would make it (K-1)/K of what it should be, a third too small at three seeds.
    """
    runs = np.asarray(runs, dtype=np.float64)
    return runs[generator.integers(len(runs), size=(DRAWS, len(runs) - 1))]
