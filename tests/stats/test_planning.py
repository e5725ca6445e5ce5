"""How large a study has to be: compared with a search over every number, and with simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trmbench.stats import compare, compare_all, moments
from trmbench.stats.multiplicity import holm, holm_levels
from trmbench.stats.power import MOST_SEEDS, detectable, finds, study_size
from trmbench.stats.variance import difference_variance


def undecided(number: int, seeds: tuple[int, int], puzzles: int) -> tuple[np.ndarray, np.ndarray]:
    """Solved-or-not scores of two models that differ a little, differently on each puzzle."""
    generator = np.random.default_rng(number)
    easy = generator.random(puzzles)
    pair = []
    for k, gain in zip(seeds, (0.05, 0.0), strict=True):
        own = generator.normal(0, 0.08, puzzles) + generator.normal(0, 0.02, (k, 1))
        pair.append(generator.random((k, puzzles)) < np.clip(easy + gain + own, 0, 1))
    return pair[0], pair[1]


def test_two_more_seeds_are_not_called_a_thousand() -> None:
    generator = np.random.default_rng(29)
    easy = generator.random(200)
    a = generator.random((3, 200)) < np.clip(easy + 0.08, 0, 1)
    b = generator.random((3, 200)) < easy
    found = compare(a, b)
    assert found.evidence.p_corrected == pytest.approx(0.0586, abs=0.001)
    assert found.power.seeds_needed == 5


@pytest.mark.parametrize("seeds", [(3, 3), (5, 5), (3, 10)])
def test_planned_seeds_are_the_ones_that_a_search_over_every_number_finds(
    seeds: tuple[int, int],
) -> None:
    none = 0
    for number in range(25):
        a, b = undecided(number, seeds, 200)
        parts = difference_variance(moments(a), moments(b))
        size = study_size(parts, 0.06, 0.05)
        every = [*range(3, 120), *range(120, MOST_SEEDS + 1, 37), MOST_SEEDS]
        suffice = [k for k in every if finds(parts.planned(k, k), 0.06, 0.05)]
        assert suffice == [k for k in every if size.seeds is not None and k >= size.seeds]
        if size.puzzles is not None:
            assert finds(parts.planned(*seeds, size.puzzles), 0.06, 0.05)
            assert not finds(parts.planned(*seeds, size.puzzles - 1), 0.06, 0.05)
        none += size.seeds is None
    assert none < 10


def test_a_plan_of_the_present_numbers_is_the_present_variance() -> None:
    a, b = undecided(3, (4, 6), 150)
    parts = difference_variance(moments(a), moments(b))
    same = parts.planned(4, 6)
    assert (same.variance, same.degrees) == pytest.approx((parts.variance, parts.degrees))


def test_the_variance_of_more_puzzles_is_what_more_puzzles_show() -> None:
    few, many = [], []
    for number in range(60):
        few.append(difference_variance(*map(moments, undecided(number, (20, 20), 300))))
        many.append(difference_variance(*map(moments, undecided(1000 + number, (20, 20), 1200))))
    planned = np.mean([parts.planned(20, 20, 1200).variance for parts in few])
    assert planned == pytest.approx(np.mean([parts.variance for parts in many]), rel=0.1)


@pytest.mark.parametrize("degrees", [2.0, 4.0, 60.0])
@pytest.mark.parametrize("level", [0.05, 0.005])
def test_the_detectable_difference_is_found_four_times_in_five(
    degrees: float, level: float
) -> None:
    quantile = float(stats.t.ppf(1 - level / 2, degrees))
    found = stats.nct.sf(quantile, degrees, detectable(quantile, degrees))
    assert found == pytest.approx(0.8, abs=0.005)


def test_a_named_difference_is_planned_in_seeds_and_in_puzzles() -> None:
    a, b = undecided(1, (5, 5), 200)
    found = compare(a, b, plan=0.05)
    size = found.power.planned
    assert size is not None and size.seeds is not None and size.puzzles is not None
    assert f"For 5.0 points plan {size.seeds} seeds each (or " in found.explanation
    smaller = compare(a, b, plan=0.02).power.planned
    assert smaller is not None
    assert (smaller.seeds or MOST_SEEDS + 1) > size.seeds


def test_where_puzzles_are_the_limit_puzzles_are_planned() -> None:
    generator = np.random.default_rng(0)
    a, b = (np.tile(generator.random((1, 40)) < 0.5, (3, 1)) for _ in range(2))
    found = compare(a, b, plan=0.02)
    assert "More seeds alone will not find 2.0 points" in found.explanation
    assert found.power.planned is not None
    assert found.power.planned.puzzles is not None


def test_a_pair_is_planned_at_the_level_that_holm_leaves_it() -> None:
    a, b = undecided(0, (5, 5), 200)
    clear = (np.ones((5, 200)), np.zeros((5, 200)))
    alone = compare(a, b, plan=0.05)
    assert alone.verdict == "undecided"
    among = compare_all([(a, b), clear, clear], plan=0.05)[0]
    assert among.power.planned == alone.power.planned  # the others are decided
    unclear = compare_all([(a, b)] * 3, plan=0.05)[0]
    assert unclear.power.planned is not None and alone.power.planned is not None
    assert (unclear.power.planned.seeds or 0) > (alone.power.planned.seeds or 0)


def test_the_level_of_a_test_is_the_one_below_which_holm_rejects_it() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        p = [float(value) for value in generator.random(5) ** 4]
        for i, level in enumerate(holm_levels(p, 0.05)):
            below, above = list(p), list(p)
            below[i], above[i] = level * 0.999, level * 1.001
            assert holm(below)[i] < 0.05 <= holm(above)[i] * 1.0001
