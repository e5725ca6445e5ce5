"""One further run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trmbench.stats import predict


def runs(generator: np.random.Generator, seeds: int) -> np.ndarray:
    logits = 1.5 * generator.normal(size=200) + 0.15 * generator.normal(size=(seeds, 1))
    return generator.random((seeds, 200)) < 1 / (1 + np.exp(-logits - 0.5))


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_a_further_run_lies_within_the_bounds_in_95_percent_of_worlds(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    held, surprised = [], []
    for _ in range(500):
        *known, further = runs(generator, seeds + 1)
        found = predict(np.array(known))
        held.append(found.low <= further.mean() <= found.high)
        surprised.append(found.p_value(further.mean()) < 0.05)
    assert 0.92 <= np.mean(held) <= 0.975
    assert np.mean(surprised) == pytest.approx(1 - np.mean(held), abs=0.01)


def test_the_mean_of_several_further_runs_is_predicted_more_closely() -> None:
    known = runs(np.random.default_rng(0), 5)
    one, five = predict(known), predict(known, runs=5)
    assert five.high - five.low < one.high - one.low
    assert one.p_value(one.high) == pytest.approx(0.05)
    assert five.p_value(five.high, runs=5) == pytest.approx(0.05)


def test_two_runs_predict_nothing() -> None:
    found = predict(runs(np.random.default_rng(0), 2))
    assert math.isnan(found.low) and math.isnan(found.p_value(0.5))
