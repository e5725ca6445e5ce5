"""Bands around the mean of several seeds' curves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


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
