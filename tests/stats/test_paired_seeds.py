"""Seeds that belong together: one network tested in two ways, or two models on one base."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from trmbench.stats import compare, compare_all, moments, pair_seeds


def same_weights(
    generator: np.random.Generator, gain: float, seeds: int = 5, puzzles: int = 1000
) -> tuple[np.ndarray, np.ndarray]:
    """Two tests of the same networks, whose accuracy has a standard deviation of 7 points."""
    chance = 0.5 + 1.5 * generator.normal(size=puzzles) + 0.45 * generator.normal(size=(seeds, 1))
    chance = chance + 0.5 * generator.normal(size=(seeds, puzzles))
    shift = gain + 0.3 * generator.normal(size=puzzles) + 0.05 * generator.normal(size=(seeds, 1))
    luck = generator.random((seeds, puzzles))  # most puzzles are solved in both tests or in none
    return luck < special.expit(chance + shift), luck < special.expit(chance)


def test_the_variance_is_the_one_of_the_differences() -> None:
    a, b = same_weights(np.random.default_rng(0), 0.3, 4, 90)
    d = a.astype(float) - b
    rest = d - d.mean(0) - d.mean(1, keepdims=True) + d.mean()
    residual = (rest**2).sum() / (3 * 89)
    puzzles = d.mean(0).var(ddof=1) / 90 - residual / (4 * 90)
    found = compare(a, b, paired=True)
    expected = math.sqrt(d.mean(1).var(ddof=1) / 4 + max(0.0, puzzles))
    assert found.estimate.standard_error == pytest.approx(expected)
    assert "puzzles like these, paired by seed; p" in found.explanation


def test_without_a_puzzle_term_it_is_the_paired_t_test_over_seeds() -> None:
    a, b = same_weights(np.random.default_rng(1), 0.3, 6, 200)
    found = compare(a, b, paired=True, population=200)
    paired = stats.ttest_rel(a.mean(1), b.mean(1))
    assert found.estimate.p_value == pytest.approx(paired.pvalue)
    assert (found.estimand, found.paired) == ("seeds and this test set", True)


def test_a_gain_that_every_seed_shows_is_found_by_pairs_and_missed_by_strangers() -> None:
    generator = np.random.default_rng(2)
    pairs = [same_weights(generator, 0.12) for _ in range(150)]
    strangers = np.mean([compare(a, b).estimate.p_value < 0.05 for a, b in pairs])
    together = np.mean([compare(a, b, paired=True).estimate.p_value < 0.05 for a, b in pairs])
    assert strangers < 0.05
    assert together > 0.9


@pytest.mark.parametrize("seeds", [3, 5])
def test_pairs_without_a_gain_are_called_different_at_most_8_times_in_100(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    pairs = (same_weights(generator, 0.0, seeds, 300) for _ in range(400))
    found = [compare(a, b, paired=True).estimate.p_value < 0.05 for a, b in pairs]
    assert np.mean(found) <= 0.08


def test_the_order_of_the_pairs_does_not_matter_and_the_partner_does() -> None:
    a, b = same_weights(np.random.default_rng(3), 0.2)
    found = compare(a, b, paired=True).estimate
    assert compare(a[::-1], b[::-1], paired=True).estimate.p_value == pytest.approx(found.p_value)
    assert compare(np.roll(a, 1, 0), b, paired=True).estimate.p_value > 3 * found.p_value


def test_a_pair_of_which_one_seed_failed_is_left_out_and_blocks_the_verdict() -> None:
    a, b = (x.astype(float) for x in same_weights(np.random.default_rng(4), 0.5))
    a[1] = np.nan
    refused = compare(a, b, paired=True)
    assert refused.verdict == "refused"
    assert refused.evidence.a.seeds == 4
    told = str(compare(a, b, paired=True))
    assert "1 of 5 seeds of A did not finish" in told and "of B did" not in told
    ignored = compare(a, b, paired=True, ignore_failed=True)
    kept = [0, 2, 3, 4]
    assert ignored.estimate == compare(a[kept], b[kept], paired=True).estimate


def test_pairs_and_strangers_may_stand_in_one_family() -> None:
    a, b = same_weights(np.random.default_rng(5), 0.3)
    paired, strangers = compare_all([pair_seeds(a, b), (a, b)])
    assert paired.paired and not strangers.paired
    assert paired.evidence.family == strangers.evidence.family == 2


def test_moments_and_unequal_numbers_of_seeds_are_no_pairs() -> None:
    a, b = same_weights(np.random.default_rng(6), 0.3)
    with pytest.raises(ValueError, match="need the scores"):
        compare(moments(a), b, paired=True)
    with pytest.raises(ValueError, match="one shape"):
        compare(a[:4], b, paired=True)
    two = compare(a[:2], b[:2], paired=True)
    assert (two.verdict, "2 pairs of seeds" in two.explanation) == ("refused", True)
