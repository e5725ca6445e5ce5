from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from trmbench.stats import holm


def test_holm_steps_down_and_keeps_the_order() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_untested_stays_nan_and_does_not_count() -> None:
    assert holm([0.02, math.nan, 0.03])[::2] == pytest.approx([0.04, 0.04])
    assert math.isnan(holm([math.nan])[0])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1)))
def test_adjusted_p_lies_between_raw_and_bonferroni(p_values: list[float]) -> None:
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw <= adjusted <= min(1, raw * len(p_values)) + 1e-12
