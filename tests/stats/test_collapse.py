"""Seeds that lie far from the others of their cell."""

from __future__ import annotations

import numpy as np
import pytest

from trmbench.stats import compare, moments, outlying_seeds, pair_seeds, unseen_failures
from trmbench.stats.collapse import outlying_values
from trmbench.stats.comparison import compare_all


def solved(means: list[float], puzzles: int = 1000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((len(means), puzzles)) < np.array(means)[:, None]


def test_a_collapsed_seed_is_named_with_its_distance_and_the_share_of_such_runs() -> None:
    found = outlying_seeds(solved([0.82, 0.83, 0.81, 0.82, 0.35]))
    assert found is not None
    assert found.places == (4,)
    assert found.gap == pytest.approx(-0.47, abs=0.03)
    assert found.share == pytest.approx((0.005, 0.716), abs=1e-3)
    assert "1 of 5 seeds of dart lies" in found.subject("dart")


def test_every_verdict_says_that_a_seed_collapsed() -> None:
    a, b = solved([0.82, 0.83, 0.81, 0.82, 0.35]), solved([0.75, 0.76, 0.74, 0.75, 0.76], seed=1)
    text = compare(a, b, names=("dart", "trm")).explanation
    assert "1 of 5 seeds of dart lies 4" in text
    assert text.endswith("below the others: mean and interval describe neither kind of run.")
    assert "lies" not in compare(a[:4], b[:4]).explanation
    pairs = pair_seeds(a, b)  # seed 4 is an outlier of the differences
    assert (
        "1 of 5 seeds of dart - trm lies"
        in compare_all([pairs], names=[("dart", "trm")])[0].explanation
    )


def test_a_run_that_alone_learns_and_two_that_collapse_are_found() -> None:
    up = outlying_seeds(solved([0.1, 0.12, 0.11, 0.9, 0.1]))
    assert up is not None and up.places == (3,) and up.gap > 0.7
    two = outlying_seeds(solved([0.8] * 8 + [0.3, 0.35]))
    assert two is not None and two.places == (8, 9)
    assert outlying_seeds(moments(solved([0.8, 0.3]))) is None


def test_seeds_as_far_apart_as_chance_allows_are_no_collapse() -> None:
    scores = np.tile(np.random.default_rng(0).random(1000) < 0.8, (5, 1))
    scores[4, :2] ^= True  # four equal seeds, and one that differs in two puzzles
    assert outlying_seeds(scores) is None
    assert outlying_seeds(scores[:4]) is None


@pytest.mark.parametrize("seeds", [3, 4, 5, 10])
def test_one_percent_of_normal_seeds_alarm_and_collapses_are_found(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    worlds = 2 * generator.normal(size=(1500, seeds))
    alarms = np.mean([outlying_values(world) is not None for world in worlds])
    assert alarms <= 0.02
    if seeds >= 5:
        worlds = worlds[:300]
        worlds[:, 1] -= 45
        found = [outlying_values(world) for world in worlds]
        assert np.mean([each is not None and each.places == (1,) for each in found]) > 0.95


def test_seeds_without_a_failure_leave_a_failure_rate() -> None:
    assert [round(100 * unseen_failures(seeds)) for seeds in (3, 5, 10)] == [63, 45, 26]
