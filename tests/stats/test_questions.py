"""What else can be asked of a difference: its sentence, a tolerance, a population, looks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from trmbench.stats import compare, compare_all, looks_level


def scores(rate: float, seeds: int = 5, puzzles: int = 400, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, puzzles)) < rate


def test_the_sentence_has_names_direction_interval_coverage_and_correction() -> None:
    pairs = [(scores(0.5), scores(0.7, seed=1)), (scores(0.5), scores(0.5, seed=2))]
    first, second = compare_all(pairs, names=[("hrm", "trm"), ("hrm", "direct")])
    form = (
        r"hrm is worse than trm by (\d+\.\d) points"
        r" \(95 % CI (\d+\.\d) to (\d+\.\d), puzzles like these; p < 0\.001, Holm over 2\)\."
    )
    match = re.fullmatch(form, str(first))
    assert match is not None
    size, low, high = map(float, match.groups())
    assert low < size < high
    assert str(second).startswith("Undecided: hrm is ")


def test_an_undecided_interval_that_excludes_no_difference_is_called_uncorrected() -> None:
    a, b = scores(0.57), scores(0.5, seed=1)
    alone = compare(a, b)
    assert alone.verdict == "better"
    among = compare_all([(a, b)] + [(scores(0.5, seed=2), scores(0.5, seed=3))] * 60)[0]
    assert among.verdict == "undecided"
    assert re.search(r"\+\d+\.\d to \+\d+\.\d uncorrected, puzzles", among.explanation)


def test_equivalence_is_said_with_the_interval_that_lies_within_the_margin() -> None:
    generator = np.random.default_rng(0)
    easy = generator.random(400)
    a, b = generator.random((2, 5, 400)) < easy
    found = compare(a, b, margin=0.03)
    assert found.verdict == "equivalent"
    match = re.search(r"90 % CI ([+-]\d+\.\d) to ([+-]\d+\.\d)", found.explanation)
    assert match is not None
    assert -3 < float(match[1]) < float(match[2]) < 3
    assert "TOST p = " in found.explanation


def test_equal_scores_are_called_the_same() -> None:
    a = scores(0.5)
    assert str(compare(a, a.copy(), names=("x", "y"))).startswith(
        "Undecided: x and y score the same"
    )


def test_a_model_is_not_worse_by_more_than_the_tolerance() -> None:
    a, b = scores(0.6, 8, 2000), scores(0.61, 8, 2000, seed=1)
    found = compare(a, b, not_worse_than=0.05)
    assert found.verdict == "not worse"
    assert "is not worse than B by more than 5.0 points" in found.explanation
    t = -(found.estimate.difference + 0.05) / found.estimate.standard_error
    expected = stats.t.cdf(t, found.estimate.degrees_of_freedom)
    assert found.evidence.p_not_worse == pytest.approx(expected)
    assert compare(a, b, not_worse_than=0.001).verdict != "not worse"
    assert compare(b, scores(0.4, 8, 2000), not_worse_than=0.05).verdict == "better"
    assert compare(scores(0.4, 8, 2000), b, not_worse_than=0.05).verdict == "worse"


def test_a_model_worse_by_the_tolerance_passes_at_most_6_times_in_100() -> None:
    generator = np.random.default_rng(0)
    passed = 0
    for _ in range(500):
        easy = generator.random(300) * 0.8 + 0.1
        a, b = (generator.random((5, 300)) < easy - loss for loss in (0.04, 0.0))
        found = compare(a, b, not_worse_than=0.04)
        passed += found.verdict in ("not worse", "better")
    assert passed / 500 <= 0.07


def test_the_population_takes_the_tested_share_off_the_puzzle_term() -> None:
    generator = np.random.default_rng(1)
    a, b = (generator.random((4, 100)) < generator.random(100) for _ in range(2))
    like, half, this = (compare(a, b, population=n) for n in (None, 200, 100))
    squares = [found.estimate.standard_error**2 for found in (like, half, this)]
    assert squares[1] == pytest.approx((squares[0] + squares[2]) / 2)
    welch = stats.ttest_ind(a.mean(1), b.mean(1), equal_var=False)
    assert this.estimate.standard_error == pytest.approx(
        abs(this.estimate.difference / welch.statistic)
    )
    assert this.variance_shares.puzzles == 0
    assert "this test set; p" in this.explanation
    assert "the 200 puzzles; p" in half.explanation
    with pytest.raises(ValueError, match="a population of 99 has no 100 puzzles"):
        compare(a, b, population=99)


def test_looks_have_a_smaller_level_and_no_look_between_them() -> None:
    assert looks_level([5]) == pytest.approx(0.05)
    assert looks_level([10, 20, 30]) == pytest.approx(0.0221, abs=5e-5)  # Pocock's table
    a, b = scores(0.57, 3), scores(0.5, 3, seed=1)
    found = compare(a, b, looks=[3, 5, 10])
    assert found.evidence.level == pytest.approx(0.0215, abs=5e-4)
    assert "looks at 3, 5, 10 seeds" in found.explanation
    between = compare(scores(0.9, 4), scores(0.2, 4), looks=[3, 5, 10])
    assert (between.verdict, "not between" in between.explanation) == ("refused", True)
    with pytest.raises(ValueError, match="rising numbers of seeds"):
        compare(a, b, looks=[5, 3])


def test_three_looks_find_a_difference_that_is_none_at_most_6_times_in_100() -> None:
    generator = np.random.default_rng(0)
    naive = planned = 0
    for _ in range(300):
        easy = generator.random(200)
        logits = generator.normal(0, 0.04, (2, 10, 1))
        a, b = generator.random((2, 10, 200)) < easy + logits
        p_values = [compare(a[:k], b[:k]).estimate.p_value for k in (3, 5, 10)]
        naive += min(p_values) < 0.05
        planned += min(p_values) < looks_level([3, 5, 10])
    assert planned / 300 <= 0.06 < naive / 300


def test_pairs_may_have_a_population_each() -> None:
    a, b = scores(0.55, puzzles=100), scores(0.5, puzzles=100, seed=1)
    like, here = compare_all([(a, b), (a, b)], population=[None, "this test set"])
    assert here.estimate == compare(a, b, population=100).estimate
    assert like.estimate == compare(a, b).estimate
    assert (here.estimand, like.estimand) == (
        "seeds and this test set",
        "seeds and puzzles like these",
    )
    with pytest.raises(ValueError, match="number of puzzles or"):
        compare(a, b, population="the universe")
