from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trmbench.stats import (
    interquartile_mean,
    mean_over_tasks,
    performance_profile,
    probability_of_improvement,
)


def runs(shift: float = 0.0, seeds: int = 5, seed: int = 0, sd: float = 0.03) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [mean + shift + sd * generator.normal(size=seeds) for mean in (0.3, 0.45, 0.6, 0.75)]


def test_interquartile_mean_is_the_mean_of_the_middle_half() -> None:
    tasks = [np.array([0.0, 0.1]), np.array([0.4, 0.5]), np.array([0.6, 0.7]), np.array([0.9, 1])]
    assert interquartile_mean(tasks).value == pytest.approx(0.55)


def test_interquartile_mean_covers_its_truth_with_few_seeds() -> None:
    noise = 0.03 * np.random.default_rng(1).normal(size=(5000, 4, 5))
    drawn = (noise + np.array([0.3, 0.45, 0.6, 0.75])[:, None]).reshape(5000, 20)
    truth = float(stats.trim_mean(drawn, 0.25, axis=1).mean())
    found = [interquartile_mean(runs(seed=10_000 + i)) for i in range(200)]
    assert 0.90 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.99


def test_interquartile_mean_has_the_unbiased_error_of_the_two_middle_tasks() -> None:
    tasks = runs(sd=0.001)
    result = interquartile_mean(tasks)
    error = np.sqrt((tasks[1].var(ddof=1) + tasks[2].var(ddof=1)) / 5) / 2
    half = stats.t.ppf(0.975, 2 * 4) * error
    assert (result.high - result.low) / 2 == pytest.approx(half, rel=0.06)


def test_probability_of_improvement_counts_wins_and_halves_ties() -> None:
    a = [np.array([1.0, 0.5])] * 4
    b = [np.array([0.5, 0.0])] * 4
    assert probability_of_improvement(a, b).value == pytest.approx(3.5 / 4)
    assert probability_of_improvement(a, a).value == pytest.approx(0.5)


def test_winning_every_time_is_not_certainty() -> None:
    result = probability_of_improvement(runs(0.5, 3), runs(0.0, 3))
    assert result.value == 1
    assert result.method == "Clopper-Pearson"
    assert 0.7 < result.low < result.high == 1


def test_profile_falls_from_all_runs_to_none() -> None:
    profile = performance_profile(runs(), np.linspace(-1, 2, 50))
    assert (profile[0], profile[-1]) == (1, 0)
    assert (np.diff(profile) <= 0).all()
    uneven = [np.array([1.0]), np.array([0.0] * 9), np.array([0.0]), np.array([0.0])]
    assert performance_profile(uneven, np.array([0.5])).tolist() == [0.25]


def test_single_runs_give_a_value_without_an_interval() -> None:
    result = interquartile_mean(runs(seeds=1))
    assert result.method == "none"
    assert math.isnan(result.low)


def test_results_repeat() -> None:
    assert interquartile_mean(runs()) == interquartile_mean(runs())


def test_fewer_than_four_tasks_are_refused() -> None:
    for call in (
        lambda: interquartile_mean(runs()[:3]),
        lambda: performance_profile(runs()[:3], np.zeros(1)),
        lambda: probability_of_improvement(runs()[:3], runs()[:3]),
    ):
        with pytest.raises(ValueError, match="needs 4"):
            call()
    with pytest.raises(ValueError, match="no runs"):
        interquartile_mean([*runs(), np.array([])])
    with pytest.raises(ValueError, match="5 tasks and B 4"):
        probability_of_improvement([*runs(), np.ones(2)], runs())


def test_the_plain_mean_sees_every_task_alike_and_covers() -> None:
    base = [np.full(5, level) + np.linspace(-0.01, 0.01, 5) for level in (0.2, 0.5, 0.6, 0.9)]
    worse = [base[0] - 0.2, *base[1:3], base[3] - 0.2]
    assert mean_over_tasks(base).value - mean_over_tasks(worse).value == pytest.approx(0.1)
    assert interquartile_mean(base).value == pytest.approx(
        interquartile_mean(worse).value, abs=0.02
    )
    more = [np.tile(base[0], 2), *base[1:]]  # more seeds of a task do not weigh more
    assert mean_over_tasks(more).value == pytest.approx(mean_over_tasks(base).value)
    generator = np.random.default_rng(0)
    levels, spreads = np.array([0.2, 0.5, 0.6, 0.8]), np.array([0.05, 0.01, 0.03, 0.02])
    held = []
    for _ in range(400):
        runs = [m + s * generator.normal(size=3) for m, s in zip(levels, spreads, strict=True)]
        found = mean_over_tasks(runs)
        held.append(found.low <= levels.mean() <= found.high)
    assert 0.92 <= np.mean(held) <= 0.985
