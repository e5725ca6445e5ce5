"""Looking several times at a study to which seeds are added until it is decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import special

NODES = 64
"""Points of the integration; the level is then right to six digits."""


def looks_level(looks: Sequence[int], level: float = 0.05) -> float:
    """Find the two-sided level of each look that makes `level` of all of them (Pocock, 1977).

    The means after K_1 < K_2 < ... seeds are correlated as sqrt(K_i / K_j).

    Args:
        looks: the numbers of seeds per model at which the study is looked at.
        level: the probability that any look finds a difference where there is none.

    Raises:
        ValueError: the numbers do not rise, or begin below 2.
    """
    if not looks or looks[0] < 2 or any(a >= b for a, b in zip(looks, looks[1:], strict=False)):
        raise ValueError(f"looks must be rising numbers of seeds, from 2 on, not {list(looks)}")
    return _level(tuple(looks), level)


@lru_cache
def _level(looks: tuple[int, ...], level: float) -> float:
    low, high = (float(special.ndtri(1 - level / (2 * many))) for many in (1, len(looks)))
    for _ in range(50):
        middle = (low + high) / 2
        if 1 - _never(looks, middle) > level:
            low = middle
        else:
            high = middle
    return float(2 * special.ndtr(-high))


def _never(looks: tuple[int, ...], bound: float) -> float:
    """The probability that no look's |z| exceeds the bound (Armitage, McPherson, Rowe, 1969)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    sums, mass = np.zeros(1), np.ones(1)
    seen = 0
    for seeds in looks:
        reach, step = bound * math.sqrt(seeds), math.sqrt(seeds - seen)
        there = nodes * reach
        density = np.exp(-(((there[:, None] - sums) / step) ** 2) / 2) / step
        mass = (density @ mass) / math.sqrt(2 * math.pi) * weights * reach
        sums, seen = there, seeds
    return float(mass.sum())
