from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from trmbench.stats import clopper_pearson, interval, wilson


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (400, 423)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_binomial_intervals_agree_with_scipy(count: int, total: int, confidence: float) -> None:
    test = stats.binomtest(count, total)
    exact, score = (test.proportion_ci(confidence, method) for method in ("exact", "wilson"))
    assert clopper_pearson(count, total, confidence) == pytest.approx((exact.low, exact.high))
    assert wilson(count, total, confidence) == pytest.approx((score.low, score.high))


def test_several_seeds_get_students_t_over_seeds() -> None:
    scores = np.random.default_rng(0).random((5, 200)) < 0.7
    result = interval(scores)
    means = scores.mean(axis=1)
    error = stats.sem(means)
    expected = stats.t.interval(0.95, 4, loc=means.mean(), scale=error)
    assert (result.low, result.high) == pytest.approx(expected)
    assert result.standard_error == pytest.approx(error)
    assert (result.minimum, result.maximum) == (means.min(), means.max())
    assert (result.estimand, result.method) == ("this test set", "t over seeds")


def test_no_floor_is_applied_where_seeds_differ() -> None:
    scores = np.zeros((5, 1000))
    scores[:, :500] = 1
    scores[0, 0] = 0
    result = interval(scores)
    assert result.method == "t over seeds"
    assert result.high - result.low < 0.002


def test_equal_seeds_get_the_exact_binomial_interval_of_one() -> None:
    scores = np.tile(np.arange(100) < 87, (5, 1))
    result = interval(scores)
    exact = stats.binomtest(87, 100).proportion_ci(method="exact")
    assert (result.low, result.high) == pytest.approx((exact.low, exact.high))
    assert (result.method, result.sd) == ("Clopper-Pearson", 0)


@pytest.mark.parametrize("estimand", ["this test set", "puzzles like these"])
@pytest.mark.parametrize("value", [0, 1])
def test_all_or_nothing_still_has_a_width(estimand: str, value: int) -> None:
    result = interval(np.full((5, 50), value), estimand)
    assert result.low <= value <= result.high
    assert result.high - result.low > 0.05


def test_one_seed_is_about_this_checkpoint_only() -> None:
    result = interval(np.arange(100)[None] < 60)
    score = stats.binomtest(60, 100).proportion_ci(method="wilson")
    assert (result.low, result.high) == pytest.approx((score.low, score.high))
    assert result.estimand == "this checkpoint only"
    assert math.isnan(result.sd)
    assert math.isnan(result.standard_error)


def test_no_finished_seed_gives_nan_and_counts_the_failed() -> None:
    result = interval(np.full((2, 3), np.nan))
    assert (result.seeds, result.failed) == (0, 2)
    assert math.isnan(result.mean)
    assert math.isnan(result.low)


def test_puzzles_like_these_is_wider_and_like_a_t_over_puzzles_for_equal_seeds() -> None:
    row = np.random.default_rng(1).random(80) < 0.6
    result = interval(np.tile(row, (5, 1)), "puzzles like these")
    expected = stats.t.interval(0.95, 79, loc=row.mean(), scale=stats.sem(row))
    assert (result.low, result.high) == pytest.approx(expected)


def test_puzzles_like_these_takes_the_residual_off_once() -> None:
    generator = np.random.default_rng(3)
    scores = generator.random((4, 90)) < np.linspace(0.1, 0.9, 90)
    rest = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    residual = (rest**2).sum() / (3 * 89)
    variance = scores.mean(1).var(ddof=1) / 4 + scores.mean(0).var(ddof=1) / 90
    result = interval(scores, "puzzles like these")
    assert result.standard_error**2 == pytest.approx(variance - residual / (4 * 90))


def test_bounds_stay_within_the_scale() -> None:
    scores = np.array([[1.0] * 10, [1.0] * 9 + [0.0], [1.0] * 10])
    assert interval(scores).high == 1.0
    assert interval(1 - scores).low == 0.0


def test_a_smaller_confidence_gives_a_narrower_interval() -> None:
    scores = np.random.default_rng(2).random((4, 60)) < 0.5
    assert interval(scores, confidence=0.8).high < interval(scores).high


def test_unknown_estimand_is_refused() -> None:
    with pytest.raises(ValueError, match="this test set"):
        interval(np.ones((2, 2)), "the universe")


def test_puzzles_like_these_is_never_narrower_than_this_test_set() -> None:
    generator = np.random.default_rng(0)
    narrower = 0
    for _ in range(200):
        logits = generator.normal(size=200) * 1.5 + 0.2 * generator.normal(size=(3, 1))
        scores = generator.random((3, 200)) < 1 / (1 + np.exp(-logits))
        here, like = interval(scores), interval(scores, "puzzles like these")
        assert like.high - like.low >= here.high - here.low - 1e-12
        narrower += like.high - like.low < here.high - here.low + 1e-12
    assert narrower > 50  # where the half-width of this test set is taken


@pytest.mark.parametrize(("level", "seeds"), [(-6.5, 5), (-6.5, 10), (8.0, 10)])
def test_near_0_and_1_the_interval_for_puzzles_like_these_covers(level: float, seeds: int) -> None:
    generator = np.random.default_rng(1)
    spread = np.sqrt(2.5**2 + 0.3**2 + 1)
    truth = special.expit(level + spread * generator.normal(size=1_000_000)).mean()
    covered = []
    for _ in range(300):
        difficulty = level + 2.5 * generator.normal(size=120)
        logits = difficulty + 0.3 * generator.normal(size=(seeds, 1))
        logits = logits + generator.normal(size=(seeds, 120))
        found = interval(
            generator.random((seeds, 120)) < special.expit(logits), "puzzles like these"
        )
        covered.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.985
