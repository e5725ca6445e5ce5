"""Bands that hold at all points together, areas, budgets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from trmbench.stats import area_under_curve, at_budget, bands, compare, seed_band

COST = 2.0 ** np.arange(6)


def curves(generator: np.random.Generator, seeds: int, points: int = 7) -> np.ndarray:
    """(K, D) curves of seeds that differ in level, in slope and at each point."""
    slope = np.linspace(-3, 3, points)
    level, tilt = 0.03 * generator.normal(size=(seeds, 1)), generator.normal(size=(seeds, 1))
    return 0.5 + level + 0.01 * tilt * slope + 0.01 * generator.normal(size=(seeds, points))


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_whole_true_curve_lies_within_the_band_in_95_percent_of_worlds(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    whole, pointwise = [], []
    for _ in range(200):
        drawn = curves(generator, seeds)
        band = bands(drawn)
        whole.append(bool(((band.low <= 0.5) & (band.high >= 0.5)).all()))
        low, high = seed_band(drawn)
        pointwise.append(bool(((low <= 0.5) & (high >= 0.5)).all()))
    assert 0.90 <= np.mean(whole) <= 0.99
    assert np.mean(pointwise) < 0.88  # what the pointwise band leaves uncovered


def test_the_difference_of_two_models_on_puzzles_like_these_has_a_band() -> None:
    generator = np.random.default_rng(0)
    outside = []
    for _ in range(200):
        difficulty = 1.5 * generator.normal(size=(1, 100, 1)) + np.linspace(-1, 1, 5)
        pair = []
        for _ in range(2):
            logits = difficulty + 0.7 * generator.normal(size=(1, 100, 1))
            logits = logits + 0.2 * generator.normal(size=(5, 1, 1))
            pair.append(generator.random((5, 100, 5)) < special.expit(logits))
        band = bands(*pair)
        outside.append(bool(((band.low > 0) | (band.high < 0)).any()))
    assert np.mean(outside) <= 0.1


def test_one_point_is_the_interval_over_seeds() -> None:
    drawn = curves(np.random.default_rng(0), 5)[:, :1]
    band, (low, high) = bands(drawn), seed_band(drawn)
    assert (band.low[0], band.high[0]) == pytest.approx((low[0], high[0]), abs=0.01)
    assert np.isnan(bands(drawn[:1]).low).all()
    with pytest.raises(ValueError, match=r"\(K, D\) or \(K, P, D\)"):
        bands(drawn[0])


def test_the_area_averages_over_the_logarithm_of_the_cost() -> None:
    rising = np.linspace(0, 1, 6)  # one step per doubling
    assert area_under_curve(rising, COST) == pytest.approx(0.5)
    assert area_under_curve(np.stack([rising, 1 - rising]), COST, 2, 8) == pytest.approx([0.4, 0.6])
    assert area_under_curve(rising, COST, 2**0.5, 2**1.5) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="known from 1 to 32"):
        area_under_curve(rising, COST, 1, 64)


def test_the_areas_of_two_models_are_an_ordinary_comparison() -> None:
    generator = np.random.default_rng(1)
    rejected = []
    for _ in range(300):
        difficulty = 1.5 * generator.normal(size=(1, 80, 1)) + np.linspace(-1, 1, 6)
        pair = [
            area_under_curve(
                generator.random((4, 80, 6))
                < special.expit(difficulty + 0.3 * generator.normal(size=(4, 1, 1))),
                COST,
            )
            for _ in range(2)
        ]
        rejected.append(compare(*pair).estimate.p_value < 0.05)
    assert np.mean(rejected) <= 0.08


def test_a_budget_between_two_depths_is_their_mixture() -> None:
    scores = np.random.default_rng(0).random((3, 10, 6)) < 0.5
    assert at_budget(scores, COST, 3.0) == pytest.approx(scores[..., 1] / 2 + scores[..., 2] / 2)
    assert (at_budget(scores, COST, 32.0) == scores[..., 5]).all()
    with pytest.raises(ValueError, match="known from 1 to 32"):
        at_budget(scores, COST, 33.0)
