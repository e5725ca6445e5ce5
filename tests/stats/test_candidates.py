"""pass@k, selected@k, distinct solutions and risk against coverage, by hand and by counting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from trmbench.stats import pass_at, risk_coverage, selected_at, solutions_at


def test_pass_at_is_the_chance_that_a_draw_has_a_right_one() -> None:
    found = pass_at(np.array([4, 4, 4, 8]), np.array([0, 1, 3, 1]), 2)
    assert found == pytest.approx([0, 1 / 2, 1, 1 / 4])
    assert pass_at(np.array([3]), np.array([1]), 1) == pytest.approx([1 / 3])
    assert pass_at(np.array([3]), np.array([1]), 3) == pytest.approx([1])


def test_pass_at_is_unbiased_where_putting_back_is_not() -> None:
    random = np.random.default_rng(0)
    right = random.random((20_000, 8)) < 0.2
    truth = 1 - 0.8**8
    counts = right.sum(axis=1)
    assert pass_at(np.full(len(counts), 8), counts, 8).mean() == pytest.approx(truth, abs=0.01)
    assert (1 - (1 - counts / 8) ** 8).mean() < truth - 0.1


def test_no_more_candidates_are_drawn_than_there_are() -> None:
    with pytest.raises(ValueError, match="5 candidates are drawn of 4"):
        pass_at(np.array([8, 4]), np.array([1, 1]), 5)
    with pytest.raises(ValueError, match="5 candidates are drawn of 4"):
        selected_at(np.ones((1, 4)), 5)
    with pytest.raises(ValueError, match="5 candidates are drawn of 4"):
        solutions_at(np.array([1]), np.array([0]), np.array([8, 4]), 5)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_selected_at_is_the_mean_over_all_draws(k: int) -> None:
    ranked = np.array([[0, 1, 1, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]])
    draws = list(combinations(range(5), k))  # the first of a draw has its highest score
    by_counting = [np.mean([row[draw[0]] for draw in draws]) for row in ranked]
    assert selected_at(ranked, k) == pytest.approx(by_counting)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_solutions_at_is_the_mean_number_of_different_ones_over_all_draws(k: int) -> None:
    given = [["a", "a", "b", "-"], ["-", "-", "-", "-"], ["c", "d", "e", "c"]]
    by_counting = [
        np.mean([len(set(draw) - {"-"}) for draw in combinations(one, k)]) for one in given
    ]
    found = solutions_at(
        np.array([2, 1, 2, 1, 1]), np.array([0, 0, 2, 2, 2]), np.array([4, 4, 4]), k
    )
    assert found == pytest.approx(by_counting)


def test_risk_rises_with_coverage_where_the_sure_answers_are_the_right_ones() -> None:
    confidence, right = np.array([0.1, 0.8, 0.9, 0.8]), np.array([False, True, True, False])
    curve = risk_coverage(confidence, right)
    assert curve.coverage == pytest.approx([1 / 4, 1 / 2, 3 / 4, 1])
    assert curve.risk == pytest.approx([0, 1 / 4, 1 / 3, 1 / 2])  # of the two ties, half is wrong
    assert curve.area == pytest.approx((0 + 1 / 4 + 1 / 3 + 1 / 2) / 4)


def test_the_curve_ends_where_the_model_abstains() -> None:
    right = np.array([True, False, False, False])
    curve = risk_coverage(np.array([0.5, 0.4, 0.9, 0.3]), right, np.array([0, 0, 1, 0], bool))
    assert curve.coverage == pytest.approx([1 / 4, 1 / 2, 3 / 4])
    assert curve.risk == pytest.approx([0, 1 / 2, 2 / 3])
    assert np.isnan(risk_coverage(right, right, np.ones(4, bool)).area)
