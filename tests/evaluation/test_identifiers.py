"""Puzzles under puzzle identifiers that are not their own."""

from __future__ import annotations

import numpy as np
import pytest

from trmbench import PuzzleTable, TrmbenchError
from trmbench.evaluation.identifiers import blank_identifiers, shuffled_identifiers


def table(groups: str) -> PuzzleTable:
    """A puzzle per letter, its identifier told by its group and its place."""
    tokens = np.zeros((len(groups), 1), np.uint8)
    identifiers = np.array([10 * ord(name) + row for row, name in enumerate(groups)], np.int32)
    names = np.array(list(groups))
    return PuzzleTable(tokens, tokens, identifiers, names, names)


@pytest.mark.parametrize("groups", ["aabbbcc", "abcdefg", "abababcc"])
@pytest.mark.parametrize("seed", range(5))
def test_shuffled_identifiers_never_name_the_puzzle_s_group(groups: str, seed: int) -> None:
    own = table(groups)
    shuffled = shuffled_identifiers(own, seed)
    assert not (shuffled.puzzle_identifiers // 10 == own.puzzle_identifiers // 10).any()
    assert sorted(shuffled.puzzle_identifiers) == sorted(own.puzzle_identifiers)
    assert not blank_identifiers(own).puzzle_identifiers.any()


def test_a_group_that_has_most_puzzles_cannot_be_shuffled() -> None:
    with pytest.raises(TrmbenchError, match="more than half"):
        shuffled_identifiers(table("aab"), seed=0)
