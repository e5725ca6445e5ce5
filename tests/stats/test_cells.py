from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import trmbench.stats
from trmbench.stats import average_groups, lowest_of_groups, moments


def test_importing_stats_loads_neither_numpy_nor_scipy() -> None:
    code = (
        "import sys, trmbench.stats; before = {'numpy', 'scipy'} & set(sys.modules);"
        "trmbench.stats.compare; assert not before and 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_resolves_and_unknown_ones_do_not() -> None:
    assert all(callable(getattr(trmbench.stats, name)) for name in trmbench.stats.__all__)
    with pytest.raises(AttributeError, match="no_such_method"):
        trmbench.stats.no_such_method  # noqa: B018


def test_moments_are_those_of_the_two_way_table() -> None:
    scores = np.random.default_rng(0).random((4, 30))
    cell = moments(scores)
    residual = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    assert cell.seed_means == pytest.approx(scores.mean(1))
    assert cell.puzzle_means == pytest.approx(scores.mean(0))
    assert cell.residual_variance == pytest.approx((residual**2).sum() / (3 * 29))
    assert cell.seed_variance == pytest.approx(scores.mean(1).var(ddof=1))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.float64])
def test_dtype_of_scores_does_not_matter(dtype: type) -> None:
    scores = np.random.default_rng(1).random((3, 50)) < 0.4
    cell, expected = moments(scores.astype(dtype)), moments(scores.astype(float))
    assert cell.mean == expected.mean
    assert cell.residual_variance == pytest.approx(expected.residual_variance)


def test_equal_float_seeds_have_no_spread_and_no_residual() -> None:
    cell = moments(np.tile(np.random.default_rng(2).random(97) / 3, (5, 1)))
    assert cell.seed_variance == 0
    assert cell.residual_variance == 0


def test_one_seed_or_one_puzzle_has_nan_where_nothing_can_be_estimated() -> None:
    assert np.isnan(moments(np.ones((1, 5))).seed_variance)
    assert np.isnan(moments(np.ones((1, 5))).residual_variance)
    assert np.isnan(moments(np.ones((3, 1))).residual_variance)


def test_nan_rows_are_counted_as_failed_seeds_and_left_out() -> None:
    scores = np.array([[1.0, 0.0], [np.nan, np.nan], [1.0, 1.0]])
    cell = moments(scores, failed=2)
    assert (cell.seeds, cell.failed, cell.mean) == (2, 3, 0.75)
    assert np.isnan(moments(scores[1:2]).mean)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.ones(3), "seeds, puzzles"),
        (np.ones((3, 0)), "seeds, puzzles"),
        (np.array([[1.0, np.nan]]), "seed row 0 lacks 1 of 2"),
        (np.array([[0.5, 0.5], [1.0, 87.0]]), "seed row 1 has scores outside"),
        (np.array([[-0.1, 0.5]]), "outside"),
    ],
)
def test_bad_scores_are_refused_with_the_place(scores: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        moments(scores)


def test_groups_are_averaged_before_anything_else() -> None:
    scores = np.array([[1, 0, 1], [1, 1, 0]], dtype=np.uint8)
    grouped = average_groups(scores, np.array(["b", "a", "b"]))
    assert grouped.tolist() == [[0.0, 1.0], [1.0, 0.5]]
    lowest = lowest_of_groups(scores, np.array(["b", "a", "b"]))
    assert lowest.tolist() == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="2 group names"):
        average_groups(scores, np.array(["a", "b"]))


def test_a_large_cell_is_summarised_without_copying_it() -> None:
    scores = (np.random.default_rng(3).integers(0, 2, (5, 423_000))).astype(np.uint8)
    tracemalloc.start()
    moments(scores)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25e6  # bytes; the scores in float64 would be 17 MB next to the vectors


def test_results_are_plain_numbers() -> None:
    from dataclasses import asdict

    scores = np.random.default_rng(4).random((3, 40)) < 0.5
    for result in (
        trmbench.stats.compare(scores, ~scores, margin=0.1),
        trmbench.stats.interval(scores),
        trmbench.stats.puzzle_table(scores, scores),
    ):
        json.dumps(asdict(result))
        assert "np." not in repr(result)
