"""Which seeds can be asked for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from trmbench import TrmbenchError
from trmbench.config.seeds import LARGEST_SEED, MOST_SEEDS, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", [0, 1, 2]),
        (" 2-4 ", [2, 3, 4]),
        ("3-3", [3]),
        ("7,0,7,2", [0, 2, 7]),
        ("5,", [5]),
        (f"{LARGEST_SEED},", [LARGEST_SEED]),
        (f"{LARGEST_SEED - 1}-{LARGEST_SEED}", [LARGEST_SEED - 1, LARGEST_SEED]),
    ],
)
def test_seeds_are_a_number_a_span_or_a_list(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


def test_as_many_seeds_as_allowed_are_taken() -> None:
    assert parse_seeds(str(MOST_SEEDS)) == list(range(MOST_SEEDS))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "is not understood"),
        ("-1", "is not understood"),
        ("4-0", "is not understood"),
        ("1.5", "is not understood"),
        ("1,000", "is not understood"),
        ("x", "use 5 (seeds 0 to 4), 0-4, or 0,2,7"),
        ("9" * 5000, "is not understood"),
        (f"{LARGEST_SEED + 1},", "seed 9223372036854775808 is not possible (use 0 to 2^63 - 1)"),
        (f"{LARGEST_SEED + 1}-{LARGEST_SEED + 1}", "seed 9223372036854775808 is not possible"),
        (str(MOST_SEEDS + 1), "more than 10,000 seeds (run them in several parts)"),
        ("1000000000000", "more than 10,000 seeds"),
        (f"0-{LARGEST_SEED}", "more than 10,000 seeds"),
    ],
)
def test_other_seeds_are_refused_in_a_short_line(text: str, message: str) -> None:
    with pytest.raises(TrmbenchError) as error:
        parse_seeds(text)
    assert message in str(error.value) and len(str(error.value)) < 200


def test_seeds_given_as_numbers_obey_the_same_limits() -> None:
    assert parse_seeds([4, 1, 4]) == parse_seeds(np.array([4, 1])) == [4, 1]
    assert parse_seeds(2) == [0, 1]
    for bad in ([], 0, -2, [-1], [LARGEST_SEED + 1], [1.5], ["3"], itertools.count()):
        with pytest.raises(TrmbenchError):
            parse_seeds(bad)
