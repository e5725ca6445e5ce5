"""Where one further run of a training would lie: what a single published number is held against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .cells import CellMoments, ScoreArray, moments, spread
from .power import MINIMUM_SEEDS


@dataclass(frozen=True)
class Prediction:
    """One further, unselected run of the same training, tested on the same puzzles."""

    seeds: int
    """K, the runs that are known."""
    mean: float
    sd: float
    """Standard deviation of the known runs; NaN below two."""
    low: float
    """The bounds between which the run lies with the confidence; NaN below three known runs."""
    high: float

    def p_value(self, value: float, runs: int = 1) -> float:
        """How seldom a further run would lie as far from the known ones (two-sided).

        Args:
            value: the further run's score, in 0..1.
            runs: the value is the mean of so many further runs.
        """
        if self.seeds < MINIMUM_SEEDS or not self.sd > 0:
            return math.nan
        error = self.sd * math.sqrt(1 / self.seeds + 1 / runs)
        return 2 * float(special.stdtr(self.seeds - 1, -abs(value - self.mean) / error))


def predict(
    scores: ScoreArray | CellMoments, confidence: float = 0.95, runs: int = 1
) -> Prediction:
    """Predict one further run from the scores (K, P): mean +- t s sqrt(1 + 1/K), K-1 degrees.

    It holds if no run collapses, for a run on these puzzles that nobody chose among several: the
    best of 3, 5 or 10 runs lies outside in 7, 10 or 15 % of cases instead of 5.

    Args:
        scores: of the known runs.
        confidence: how often the bounds are to hold the run.
        runs: predict the mean of so many further runs.
    """
    return predict_from(moments(scores).seed_means, confidence, runs)


def predict_from(means: NDArray[np.float64], confidence: float = 0.95, runs: int = 1) -> Prediction:
    """Do as `predict` with the mean score (K,) of each known run."""
    count = len(means)
    mean = float(means.mean()) if count else math.nan
    sd = math.sqrt(spread(means))
    low = high = math.nan
    if count >= MINIMUM_SEEDS and sd > 0:
        quantile = float(special.stdtrit(count - 1, (1 + confidence) / 2))
        half = quantile * sd * math.sqrt(1 / count + 1 / runs)
        low, high = max(0.0, mean - half), min(1.0, mean + half)
    return Prediction(count, mean, sd, low, high)
