from __future__ import annotations

import numpy as np
import pytest

from trmbench.stats import puzzle_table


def test_one_seed_each_is_plain_counting() -> None:
    counts = puzzle_table(np.array([[1, 1, 0, 0, 0]]), np.array([[1, 0, 1, 1, 0]]))
    assert (counts.both, counts.only_a, counts.only_b, counts.neither) == (1, 1, 2, 1)


def test_counts_add_up_to_the_accuracies_and_to_all_puzzles() -> None:
    a, b = np.random.default_rng(0).random((2, 3, 40)) < 0.6
    counts = puzzle_table(a, b)
    assert counts.both + counts.only_a == pytest.approx(40 * a.mean())
    assert counts.both + counts.only_b == pytest.approx(40 * b.mean())
    assert sum((counts.both, counts.only_a, counts.only_b, counts.neither)) == pytest.approx(40)


def test_the_puzzles_must_be_the_same_and_the_seeds_finished() -> None:
    with pytest.raises(ValueError, match="2 puzzles and B 3"):
        puzzle_table(np.ones((1, 2)), np.ones((1, 3)))
    with pytest.raises(ValueError, match="no finished seed"):
        puzzle_table(np.full((1, 2), np.nan), np.ones((1, 2)))
