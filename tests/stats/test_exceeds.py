"""Records: does a mean exceed a target?"""

from __future__ import annotations

import numpy as np
import pytest

from trmbench.stats import CellMoments, exceeds
from trmbench.stats.claims import exceeds_all


def cell(means: np.ndarray, failed: int = 0) -> CellMoments:
    return CellMoments(means, np.full(1000, means.mean()), 0.1, failed)


def test_a_record_says_its_mean_its_p_and_how_many_runs_reach_it() -> None:
    found = exceeds(cell(0.88 + np.linspace(-0.003, 0.003, 10)), 0.874, name="trm")
    assert found.verdict == "exceeds"
    assert str(found).startswith("trm exceeds 87.4 % (mean 88.0 %, at least 87.8 % with 99 %")
    assert str(found).endswith("10 of 10 runs reach it: at least 74 % of runs do.")
    assert found.share == pytest.approx(0.05**0.1)


@pytest.mark.parametrize("seeds", [10, 20])
def test_one_percent_of_models_at_the_target_claim_to_exceed_it(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    means = 0.5 + 0.02 * generator.normal(size=(800, seeds))
    claims = [exceeds(cell(each), 0.5).verdict for each in means]
    assert 0.001 <= np.mean([each == "exceeds" for each in claims]) <= 0.022
    ahead = [exceeds(cell(each + 0.02), 0.5).verdict == "exceeds" for each in means[:400]]
    assert (0.5 if seeds == 10 else 0.9) < np.mean(ahead) < (0.78 if seeds == 10 else 1.0)


def test_an_undecided_record_names_the_seeds_that_would_show_it() -> None:
    found = exceeds(cell(np.linspace(0.47, 0.54, 10)), 0.5, name="trm")
    assert found.verdict == "undecided" and found.seeds_needed is not None
    assert str(found).startswith("Not shown that trm exceeds 50 %")
    generator = np.random.default_rng(0)
    sd = np.linspace(0.47, 0.54, 10).std(ddof=1)
    drawn = 0.505 + sd * generator.normal(size=(400, found.seeds_needed))
    power = np.mean([exceeds(cell(each), 0.5).verdict == "exceeds" for each in drawn])
    assert 0.72 <= power <= 0.88


def test_few_failed_and_collapsed_seeds_make_no_claim() -> None:
    good = 0.88 + np.linspace(-0.003, 0.003, 10)
    assert "9 seeds: it takes 10 or more" in str(exceeds(cell(good[:9]), 0.5))
    assert "1 of 11 seeds did not finish" in str(exceeds(cell(good, failed=1), 0.5))
    good[3] = 0.6
    assert "1 of 10 seeds of trm lies 28.0 points below" in str(
        exceeds(cell(good), 0.5, name="trm")
    )
    with pytest.raises(ValueError, match="between 0 and 1"):
        exceeds(cell(good), 87.4)


def test_several_claims_are_one_family() -> None:
    means = 0.5 + 0.02 * np.random.default_rng(1).normal(size=10) + 0.015
    alone, among = exceeds(cell(means), 0.5), exceeds_all([cell(means)] * 3, 0.5)[0]
    assert among.p_value == pytest.approx(3 * alone.p_value)
    assert "Holm over 3" in str(among)
