from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from trmbench.stats import compare, compare_all, moments
from trmbench.stats.variance import DifferenceVariance


def scores(rate: float, seeds: int = 5, puzzles: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, puzzles)) < rate


def test_standard_error_is_that_of_the_two_way_formula() -> None:
    generator = np.random.default_rng(0)
    shared = generator.normal(size=60)
    a = generator.random((3, 60)) < 1 / (1 + np.exp(-shared))
    b = generator.random((7, 60)) < 1 / (1 + np.exp(shared))

    def residual(x: np.ndarray) -> float:
        rest = x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()
        return (rest**2).sum() / (x.shape[0] - 1) / (x.shape[1] - 1)

    puzzles = (a.mean(0) - b.mean(0)).var(ddof=1) / 60
    puzzles -= residual(a) / (3 * 60) + residual(b) / (7 * 60)
    seeds = a.mean(1).var(ddof=1) / 3 + b.mean(1).var(ddof=1) / 7
    assert puzzles > 0
    result = compare(a, b)
    assert result.estimate.standard_error == pytest.approx(math.sqrt(seeds + puzzles))
    assert result.variance_shares.puzzles > 0.2
    shares = result.variance_shares
    assert shares.seeds + shares.puzzles + shares.residual == pytest.approx(1)


def test_without_model_by_puzzle_variance_it_is_welch_on_the_seed_means() -> None:
    generator = np.random.default_rng(4)
    rates_a, rates_b = generator.random((2, 6))
    a = np.array([generator.permutation(np.arange(500) < 500 * rate) for rate in rates_a])
    b = np.array([generator.permutation(np.arange(500) < 500 * rate) for rate in rates_b])
    result = compare(a, b)
    welch = stats.ttest_ind(a.mean(1), b.mean(1), equal_var=False)
    assert result.variance_shares.puzzles == 0
    assert result.estimate.p_value == pytest.approx(welch.pvalue)


def test_models_without_randomness_get_a_paired_test_over_puzzles() -> None:
    a, b = scores(0.7, 1, 80, seed=2), scores(0.5, 1, 80, seed=3)
    result = compare(np.tile(a, (3, 1)), np.tile(b, (5, 1)))
    paired = stats.ttest_rel(a[0].astype(float), b[0].astype(float))
    assert result.estimate.p_value == pytest.approx(paired.pvalue)
    assert result.estimate.degrees_of_freedom == pytest.approx(79)


def test_a_small_spread_of_three_seeds_does_not_borrow_the_freedom_of_ten() -> None:
    lucky = DifferenceVariance(3, 10, 200, 1e-6, 1e-2, 0, 0, 0, 0)
    assert lucky.variance == pytest.approx(1e-6 / 3 + 1e-2 / 10)
    assert lucky.degrees < 6  # Satterthwaite alone says 9
    wide = DifferenceVariance(3, 10, 200, 1e-2, 1e-6, 0, 0, 0, 0)
    assert wide.degrees == pytest.approx(2, abs=0.01)  # never more than Satterthwaite


def test_puzzles_are_paired_and_seeds_are_not() -> None:
    a, b = scores(0.6, seed=6), scores(0.5, seed=7)
    order = np.random.default_rng(0).permutation(200)
    assert compare(a, b) == compare(a[::-1], b)
    together = compare(a[:, order], b[:, order])
    assert together.estimate.p_value == pytest.approx(compare(a, b).estimate.p_value)
    difficulty = np.linspace(0.05, 0.95, 200)
    a, b = (np.random.default_rng(i).random((5, 200)) < difficulty for i in (0, 1))
    assert (
        compare(a[:, order], b).estimate.standard_error
        > 1.5 * compare(a, b).estimate.standard_error
    )


def test_clear_differences_are_better_and_worse() -> None:
    result = compare(scores(0.8), scores(0.5, seed=1))
    assert (result.verdict, result.power.seeds_needed) == ("better", None)
    assert result.explanation.startswith("A is better than B by ")
    assert result.probability_of_superiority == 1
    mirrored = compare(scores(0.5, seed=1), scores(0.8))
    assert mirrored.verdict == "worse"
    assert mirrored.explanation.startswith("A is worse than B by ")


def test_undecided_says_what_can_be_found_and_what_the_observed_difference_would_need() -> None:
    result = compare(scores(0.58, puzzles=100), scores(0.5, puzzles=100, seed=10))
    assert result.verdict == "undecided"
    assert result.power.seeds_needed is not None
    found = f"{100 * result.power.minimum_detectable_difference:.1f} points is found four times"
    assert found in result.explanation
    assert f"{result.power.seeds_needed} seeds each would decide it" in result.explanation
    assert "more seeds" not in result.explanation  # an invitation to look until it is decided


def test_the_seeds_needed_shrink_with_the_difference() -> None:
    generator = np.random.default_rng(3)
    base = generator.random((5, 400))
    few = compare(base < 0.55, generator.random((5, 400)) < 0.5, confidence=0.999)
    many = compare(base < 0.53, generator.random((5, 400)) < 0.5, confidence=0.999)
    assert few.power.seeds_needed is not None
    assert many.power.seeds_needed is not None
    assert 5 < few.power.seeds_needed < many.power.seeds_needed


def test_where_puzzles_are_the_limit_no_number_of_seeds_is_named() -> None:
    a, b = np.tile(scores(0.5, 1, 40), (3, 1)), np.tile(scores(0.5, 1, 40, seed=1), (3, 1))
    result = compare(a, b)
    assert result.variance_shares.puzzles == 1
    assert (result.verdict, result.power.seeds_needed) == ("undecided", None)
    assert "not even 1,000 seeds" in result.explanation


def test_a_test_that_cannot_reject_at_all_says_so() -> None:
    wild = np.zeros((3, 10))
    wild[0] = 1
    result = compare(wild, np.roll(wild, 1, axis=0))
    assert "no difference whatever could be shown" in result.explanation


@pytest.mark.parametrize(("seeds_a", "seeds_b"), [(2, 10), (10, 2), (1, 1), (1, 5)])
def test_below_three_seeds_there_is_no_verdict(seeds_a: int, seeds_b: int) -> None:
    result = compare(scores(0.9, seeds_a), scores(0.2, seeds_b), margin=0.01)
    assert result.verdict == "refused"
    assert "at least 3 each" in result.explanation
    assert math.isnan(result.estimate.p_value)
    assert result.estimand == "these checkpoints, puzzles like these"
    assert result.estimate.low < 0.7 < result.estimate.high


def test_failed_seeds_block_a_verdict_unless_ignored() -> None:
    a = scores(0.9).astype(float)
    a[2] = np.nan
    refused = compare(a, scores(0.2))
    assert (refused.verdict, refused.evidence.a.failed) == ("refused", 1)
    assert "1 of 5 seeds of A did not finish" in refused.explanation
    assert compare(a, scores(0.2), ignore_failed=True).verdict == "better"
    assert compare(moments(scores(0.9), failed=1), scores(0.2)).verdict == "refused"


def test_only_failed_seeds_give_nan_not_a_crash() -> None:
    result = compare(np.full((3, 20), np.nan), scores(0.5, puzzles=20))
    assert result.verdict == "refused"
    assert math.isnan(result.estimate.difference)
    assert math.isnan(result.estimate.low)


def test_one_puzzle_carries_no_verdict() -> None:
    result = compare(np.ones((3, 1)), np.zeros((3, 1)))
    assert result.verdict == "refused"
    assert math.isnan(result.estimate.low)


def test_identical_cells_are_not_significant_and_have_a_width() -> None:
    same = np.tile(np.random.default_rng(0).random(100) / 3, (5, 1))
    result = compare(same, same.copy())
    assert (result.estimate.difference, result.estimate.p_value) == (0, 1)
    assert result.estimate.low < -0.03 < 0.03 < result.estimate.high
    assert result.verdict == "undecided"
    assert compare(same, same, margin=0.05).verdict == "equivalent"
    assert compare(same, same, margin=0.02).verdict == "undecided"


def test_rounding_is_no_difference() -> None:
    for seed in range(20):
        row = np.random.default_rng(seed).random(101) / 3
        result = compare(np.tile(row, (3, 1)), np.tile(row, (7, 1)))
        assert (result.estimate.difference, result.estimate.p_value) == (0, 1)


def test_all_against_nothing_is_decided_by_the_sign_test() -> None:
    result = compare(np.ones((3, 20), bool), np.zeros((3, 20), bool))
    assert result.verdict == "better"
    assert result.estimate.p_value == pytest.approx(stats.binomtest(20, 20).pvalue)
    assert 0 < result.estimate.low < result.estimate.high == 1
    few = compare(np.ones((3, 5), bool), np.zeros((3, 5), bool))
    assert few.verdict == "undecided"
    assert few.estimate.low < 0


def test_seed_means_that_agree_by_coincidence_are_no_certainty() -> None:
    b = np.tile(np.eye(3), 4)  # every seed solves 4 of 12 puzzles, each other ones
    result = compare(1 - b, b)
    residual = moments(b).residual_variance
    assert residual > 0.3
    assert result.estimate.standard_error == pytest.approx(math.sqrt(2 * residual / (3 * 12)))
    assert result.verdict == "undecided"


def test_margin_turns_a_narrow_interval_into_equivalence() -> None:
    a, b = scores(0.5, 10, 2000), scores(0.5, 10, 2000, seed=1)
    assert compare(a, b, margin=0.05).verdict == "equivalent"
    assert compare(a, b, margin=0.001).verdict == "undecided"
    assert math.isnan(compare(a, b).evidence.p_equivalence)


def test_a_significant_difference_within_the_margin_is_equivalent() -> None:
    a, b = scores(0.53, 10, 2000), scores(0.5, 10, 2000, seed=1)
    assert compare(a, b).verdict == "better"
    assert compare(a, b, margin=0.08).verdict == "equivalent"


def test_equivalence_is_two_one_sided_tests() -> None:
    a, b = scores(0.5, 6, 500), scores(0.5, 6, 500, seed=1)
    result = compare(a, b, margin=0.03)
    t = (0.03 - abs(result.estimate.difference)) / result.estimate.standard_error
    assert result.evidence.p_equivalence == pytest.approx(
        stats.t.sf(t, result.estimate.degrees_of_freedom)
    )


def test_verdicts_of_a_family_are_corrected_and_refused_pairs_do_not_count() -> None:
    a, b = scores(0.58, 5, 300), scores(0.5, 5, 300, seed=1)
    alone = compare(a, b)
    assert alone.verdict == "better"
    null = scores(0.5, 5, 300, seed=2)
    family = compare_all([(a, b)] + [(null, scores(0.5, 5, 300, seed=3))] * 60)
    assert family[0].evidence.p_corrected == pytest.approx(61 * alone.estimate.p_value)
    assert family[0].verdict == "undecided"
    assert (family[0].estimate.low, family[0].estimate.p_value) == (
        alone.estimate.low,
        alone.estimate.p_value,
    )
    assert family[0].power.minimum_detectable_difference > alone.power.minimum_detectable_difference
    refused = compare_all([(a, b)] + [(null[:2], b)] * 60)
    assert refused[0].evidence.p_corrected == alone.estimate.p_value


def test_groups_and_partial_credit_are_scores_like_others() -> None:
    generator = np.random.default_rng(5)
    result = compare(generator.integers(0, 3, (4, 90)) / 2, generator.integers(0, 3, (4, 90)) / 2)
    assert result.verdict in ("undecided", "better", "worse")
    assert -1 <= result.estimate.low <= result.estimate.high <= 1


@pytest.mark.parametrize("option", [{"margin": 5}, {"margin": 0}, {"confidence": 95}])
def test_margin_and_confidence_are_fractions(option: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare(scores(0.5), scores(0.5), **option)


def test_different_puzzles_are_refused() -> None:
    with pytest.raises(ValueError, match="A has 200 puzzles and B 100"):
        compare(scores(0.5), scores(0.5, puzzles=100))


SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), shape=SHAPES, margin=st.sampled_from([None, 0.05, 0.5]))
def test_any_scores_give_a_mirrored_result_without_warnings(
    data: st.DataObject, shape: tuple[int, int, int], margin: float | None
) -> None:
    value = st.sampled_from([0.0, 0.1, 0.5, 1.0])
    a, b = (data.draw(arrays(np.float64, (k, shape[2]), elements=value)) for k in shape[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forward, backward = compare(a, b, margin), compare(b, a, margin)
    names = {"better": "worse", "worse": "better"}
    assert backward.verdict == names.get(forward.verdict, forward.verdict)
    assert backward.estimate.difference == pytest.approx(-forward.estimate.difference, abs=1e-9)
    assert backward.estimate.low == pytest.approx(-forward.estimate.high, abs=1e-9, nan_ok=True)
    if shape[2] > 1:
        assert forward.estimate.low <= forward.estimate.difference + 1e-9
        assert forward.estimate.low < forward.estimate.high
    if not math.isnan(forward.estimate.p_value):
        assert 0 <= forward.estimate.p_value <= 1
        significant = forward.estimate.p_value < 0.05
        assert significant == (forward.estimate.low > 0 or forward.estimate.high < 0)


@pytest.mark.parametrize("puzzles, verdict", [(6, "undecided"), (60, "worse")])
def test_a_difference_without_variance_is_decided_by_its_interval(
    puzzles: int, verdict: str
) -> None:
    found = compare(np.zeros((3, puzzles)), np.full((3, puzzles), 0.1))
    assert found.verdict == verdict
    assert (found.estimate.high < 0) == (verdict == "worse") == (found.estimate.p_value < 0.05)
