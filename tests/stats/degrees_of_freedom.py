"""Type-I error of `compare` under other rules for the degrees of freedom, as a script.

Prints, for each rule, the smallest and the largest share of false rejections at nominal 5 % over
the worlds and seed counts of `test_simulation`, with equal and with unequal seed spreads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
from scipy import special
from test_simulation import SEED_COUNTS, SPREADS, WORLDS, World

from trmbench.stats import moments
from trmbench.stats.variance import DifferenceVariance, difference_variance

EQUAL = [(spread, spread) for spread in SPREADS]
UNEQUAL = [(6.0, 0.0), (0.0, 6.0)]


def shrunk(parts: DifferenceVariance, share: float) -> float:
    """Satterthwaite with spreads moved by `share` (0..1) towards the pooled one."""
    freedom = np.array([parts.seeds_a - 1, parts.seeds_b - 1])
    spreads = np.array([parts.spread_a, parts.spread_b])
    spreads += share * (freedom @ spreads / freedom.sum() - spreads)
    return parts.satterthwaite(*spreads)


def welch_1947(parts: DifferenceVariance) -> float:
    """K+1 in place of K-1, and two degrees of freedom taken off (Welch, 1947)."""
    a, b = parts.spread_a / parts.seeds_a, parts.spread_b / parts.seeds_b
    weight = a**2 / (parts.seeds_a + 1) + b**2 / (parts.seeds_b + 1) + parts.puzzles_weight
    return max((a + b + parts.puzzles) ** 2 / weight - 2, _fewest(parts))


def fewest(parts: DifferenceVariance) -> float:
    """K-1 of the smaller count for both seed terms."""
    seeds = parts.spread_a / parts.seeds_a + parts.spread_b / parts.seeds_b
    return (seeds + parts.puzzles) ** 2 / (seeds**2 / _fewest(parts) + parts.puzzles_weight)


def _fewest(parts: DifferenceVariance) -> int:
    return min(parts.seeds_a, parts.seeds_b) - 1


RULES: dict[str, Callable[[DifferenceVariance], float]] = {
    "normal distribution": lambda parts: math.inf,
    "K_A + K_B - 2": lambda parts: parts.seeds_a + parts.seeds_b - 2,
    "min(K_A, K_B) - 1": fewest,
    "Satterthwaite": lambda parts: shrunk(parts, 0),
    "Welch 1947": welch_1947,
    "pooled spreads": lambda parts: shrunk(parts, 1),
    "half-way to pooled": lambda parts: shrunk(parts, 0.5),
    "min(Satterthwaite, pooled)": lambda parts: min(shrunk(parts, 0), shrunk(parts, 1)),
    "min(Satterthwaite, half-way)": lambda parts: parts.degrees,
}


def errors(world: World, count: int) -> list[float]:
    """Share of `count` comparisons of equal models that each rule calls different."""
    rejected = np.zeros(len(RULES))
    for a, b in world.scores(count, np.random.default_rng(0)):
        cell_a, cell_b = moments(a), moments(b)
        parts = difference_variance(cell_a, cell_b)
        t = -abs(cell_a.mean - cell_b.mean) / math.sqrt(parts.variance)
        rejected += [2 * special.stdtr(rule(parts), t) < 0.05 for rule in RULES.values()]
    return list(rejected / count)


def main(count: int = 4000) -> None:
    """Print the table."""
    tables = []
    for spreads in (EQUAL, UNEQUAL):
        cases = product(WORLDS.values(), (*SEED_COUNTS, (5, 10)), spreads)
        tables.append([errors(replace(w, seeds=k, spread=s), count) for w, k, s in cases])
    for name, equal, unequal in zip(RULES, *(np.transpose(table) for table in tables), strict=True):
        cells = (f"{100 * row.min():.1f} to {100 * row.max():.1f}" for row in (equal, unequal))
        print("|", name, "|", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
