"""How often the statistics are right about synthetic scores of two models.

Run this file as a script for the full tables of `docs/statistics.md` (ten minutes).

    logit P(seed k of a model solves puzzle p)
        = level + effect + difficulty_p + model_p + seed_k + seed_puzzle_kp

All parts are normal; the seeds' spread is given in points of accuracy and turned into logits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from trmbench.stats import compare, interval

SEED_COUNTS = ((3, 3), (5, 5), (10, 10), (3, 10))
SPREADS = (0.0, 2.0, 6.0)


@dataclass(frozen=True)
class World:
    """Two models on one task; spreads other than the seeds' are in logits."""

    seeds: tuple[int, int] = (5, 5)
    spread: tuple[float, float] = (2.0, 2.0)
    """Standard deviation of accuracy over seeds, in points, of A and B."""
    puzzles: int = 200
    effect: float = 0.0
    """A's advantage in logits."""
    level: float = 0.5
    difficulty: float = 1.5
    model_puzzle: float = 0.5
    """How differently the two models find the same puzzle."""
    seed_puzzle: float = 1.0
    """How differently two seeds of one model find it."""

    def probabilities(self, count: int, generator: np.random.Generator) -> Iterator[list[Scores]]:
        """`count` pairs of solving probabilities (K_A, P) and (K_B, P)."""
        slope = self._slope(generator)
        for _ in range(count):
            difficulty = self.level + self.difficulty * generator.normal(size=self.puzzles)
            pair = []
            for k, spread, effect in zip(self.seeds, self.spread, (self.effect, 0), strict=True):
                logits = difficulty + effect
                logits = logits + self.model_puzzle * generator.normal(size=self.puzzles)
                logits = logits + spread / 100 / slope * generator.normal(size=(k, 1))
                logits = logits + self.seed_puzzle * generator.normal(size=(k, self.puzzles))
                pair.append(special.expit(logits))
            yield pair

    def scores(self, count: int, generator: np.random.Generator) -> Iterator[list[Scores]]:
        """`count` pairs of scores (K_A, P) and (K_B, P), bool."""
        for pair in self.probabilities(count, generator):
            yield [generator.random(chance.shape) < chance for chance in pair]

    def _slope(self, generator: np.random.Generator) -> float:
        """Points of accuracy per logit, averaged over puzzles."""
        parts = (self.difficulty, self.model_puzzle, self.seed_puzzle)
        width = float(np.sqrt(sum(part**2 for part in parts)))
        chance = special.expit(self.level + width * generator.normal(size=100_000))
        return float((chance * (1 - chance)).mean())


Scores = NDArray[np.generic]
WORLDS = {
    "typical": World(),
    "no model x puzzle": World(model_puzzle=0.0),
    "easy, few puzzles": World(puzzles=100, level=2.0),
    "hard, even seeds": World(level=-1.5, model_puzzle=0.3, seed_puzzle=0.3),
}


def rejections(world: World, count: int, seed: int = 0) -> float:
    """Share of `count` simulated comparisons with p < 0.05: type-I error, or power."""
    generator = np.random.default_rng(seed)
    found = [compare(a, b).estimate for a, b in world.scores(count, generator)]
    return float(np.mean([estimate.p_value < 0.05 for estimate in found]))


def coverage_of_puzzles_like_these(world: World, count: int, seed: int = 0) -> float:
    """Share of intervals of model A that hold its mean over all seeds and all puzzles."""
    generator = np.random.default_rng(seed)
    large = replace(world, seeds=(200, 2), puzzles=2000)
    truth = np.mean([a.mean() for a, _ in large.probabilities(25, generator)])
    found = [interval(a, "puzzles like these") for a, _ in world.scores(count, generator)]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def coverage_of_this_test_set(world: World, count: int, seed: int = 0) -> float:
    """Share of intervals of model A that hold its mean over all seeds on the same puzzles."""
    generator = np.random.default_rng(seed)
    many = replace(world, seeds=(world.seeds[0] * count // 10, 2))
    right = []
    for a, _ in many.scores(10, generator):  # ten test sets, the seeds dealt out in fives
        groups = a.reshape(-1, world.seeds[0], world.puzzles)
        right += [each.low <= a.mean() <= each.high for each in map(interval, groups)]
    return float(np.mean(right))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["typical", "no model x puzzle"])
@pytest.mark.parametrize("seeds", SEED_COUNTS)
@pytest.mark.parametrize("spread", SPREADS)
def test_type_one_error_is_between_2_and_8_percent(
    name: str, seeds: tuple[int, int], spread: float
) -> None:
    world = replace(WORLDS[name], seeds=seeds, spread=(spread, spread))
    assert 0.02 <= rejections(world, 800) <= 0.08


@pytest.mark.slow
@pytest.mark.parametrize("spread", [(6.0, 0.0), (0.0, 6.0)])
def test_type_one_error_holds_for_unequal_spreads(spread: tuple[float, float]) -> None:
    assert 0.015 <= rejections(World(seeds=(3, 10), spread=spread), 800) <= 0.085


@pytest.mark.slow
@pytest.mark.parametrize("name", ["typical", "no model x puzzle"])
def test_half_a_logit_is_found_with_five_seeds(name: str) -> None:
    assert rejections(replace(WORLDS[name], effect=0.5, puzzles=400), 800) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("spread", SPREADS)
def test_one_cell_intervals_cover_what_they_name(spread: float) -> None:
    world = World(spread=(spread, spread))
    assert 0.93 <= coverage_of_this_test_set(world, 2000) <= 0.97
    assert 0.93 <= coverage_of_puzzles_like_these(world, 1000) <= 0.98


def main(count: int = 4000) -> None:
    """Print the tables."""
    for name, world in WORLDS.items():
        for seeds, spread in product((*SEED_COUNTS, (5, 10)), SPREADS):
            case = replace(world, seeds=seeds, spread=(spread, spread))
            print(name, seeds, spread, f"{rejections(case, count):.3f}", flush=True)
    for name, world in WORLDS.items():
        for seeds, puzzles in product(((3, 3), (5, 5), (10, 10)), (200, 400, 1000)):
            case = replace(world, seeds=seeds, effect=0.5, puzzles=puzzles)
            print("power", name, seeds, puzzles, f"{rejections(case, count // 4):.3f}", flush=True)
        for spread in SPREADS:
            case = replace(world, spread=(spread, spread))
            here = coverage_of_this_test_set(case, count)
            like = coverage_of_puzzles_like_these(case, count)
            print("coverage", name, spread, f"{here:.3f} {like:.3f}", flush=True)


if __name__ == "__main__":
    main()
