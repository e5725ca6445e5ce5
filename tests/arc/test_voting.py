"""Voting agrees with the reference evaluator's rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trmbench import TrmbenchError
from trmbench_arc import VoteResult, vote
from trmbench_arc.grids import encode

CANVAS = 6
QUESTION, OTHER_QUESTION = [[1, 2]], [[3]]
PUZZLES: dict[str, Any] = {
    "one": {
        "test": [
            {"input": QUESTION, "output": [[5]]},
            {"input": OTHER_QUESTION, "output": [[6, 6]]},
        ]
    },
    "two": {"test": [{"input": QUESTION, "output": [[7]]}]},
}
NAMES = ["<blank>", "one", "two", "one|||t1|||0213456789"]


def tokens(grid: Sequence[Sequence[int]]) -> np.ndarray:
    """A grid's tokens; none for an empty one."""
    if not grid:
        return np.zeros(CANVAS**2, np.uint8)
    return encode(np.array(grid, np.uint8), CANVAS)


def count(rows: Sequence[tuple[int, Any, Any, float]]) -> VoteResult:
    """The votes of (identifier, input, prediction, halting logit)."""
    return vote(
        NAMES,
        np.array([row[0] for row in rows]),
        np.stack([tokens(row[1]) for row in rows]),
        np.stack([tokens(row[2]) for row in rows]),
        np.array([row[3] for row in rows], np.float32),
        PUZZLES,
    )


def first_answers(result: VoteResult) -> list[list[list[int]]]:
    """The best grids of the first test input of task one."""
    return [candidate.grid.tolist() for candidate in result.tallies["one"][0].ranked()]


def test_the_reference_s_votes_are_reproduced(shared: Path) -> None:
    golden = json.loads((shared / "golden" / "arc_voting.json").read_text())
    arrays = np.load(shared / "golden" / "arc_voting.npz")
    result = vote(
        golden["identifiers"],
        arrays["identifier"],
        arrays["inputs"],
        arrays["predictions"],
        arrays["q_halt_logits"],
        golden["puzzles"],
    )
    for k in (1, 2, 5, 10):
        assert result.vote_at(k) == golden["pass_at_k_fractional"][f"ARC/pass@{k}"]
    assert result.vote_at(2, scoring="all") == golden["pass_at_2_all_tests"]
    assert result.submission() == golden["submission"]


def test_more_votes_beat_a_higher_halting_probability() -> None:
    result = count([(1, QUESTION, [[4]], 9), (1, QUESTION, [[5]], -9), (1, QUESTION, [[5]], -9)])
    assert first_answers(result) == [[[5]], [[4]]]


def test_equal_counts_go_by_mean_halting_probability() -> None:
    better, worse = (1, QUESTION, [[5]]), (1, QUESTION, [[4]])
    assert first_answers(count([(*worse, 0.0), (*better, 0.1)])) == [[[5]], [[4]]]
    rows = [(*better, 3.0), (*worse, 0.0), (*better, 0.0), (*worse, 1.0)]
    assert first_answers(count(rows)) == [[[5]], [[4]]]


def test_ties_go_to_the_answer_that_came_first() -> None:
    rows = [(1, QUESTION, [[4]], 0.5), (1, QUESTION, [[5]], 0.5), (1, QUESTION, [[3]], 0.5)]
    assert first_answers(count(rows)) == [[[4]], [[5]], [[3]]]
    assert first_answers(count(rows[::-1])) == [[[3]], [[5]], [[4]]]
    assert count(rows).vote_at(1) == 0 and count(rows[::-1]).vote_at(2) == 0.25


def test_an_answer_is_mapped_back_before_it_is_counted() -> None:
    turned = [[1], [2]]  # the question with 1 and 2 swapped, turned counter-clockwise
    rows = [(3, turned, [[1, 2]], 0), (1, QUESTION, [[2], [1]], 0), (1, QUESTION, [[9]], 5)]
    assert first_answers(count(rows)) == [[[2], [1]], [[9]]]


def test_a_vote_without_a_grid_counts_and_is_reported() -> None:
    result = count([(1, QUESTION, [], 0), (1, QUESTION, [], 0), (1, QUESTION, [[5]], 9)])
    assert first_answers(result) == [[], [[5]]]
    assert result.invalid_votes == 2
    assert result.vote_at(1) == 0 and result.vote_at(2) == 0.25
    assert result.submission()["one"][0] == {"attempt_1": [], "attempt_2": [[5]]}


def test_what_lies_outside_the_grid_does_not_matter() -> None:
    messy = tokens([[5]])
    messy[20:] = 7
    result = vote(
        NAMES, np.array([1, 1]), np.stack([tokens(QUESTION)] * 2),
        np.stack([tokens([[5]]), messy]), np.zeros(2), PUZZLES,
    )  # fmt: skip
    assert len(result.tallies["one"][0].ranked()) == 1


def test_three_scorings_count_shares_of_tasks_whole_tasks_and_outputs() -> None:
    result = count(
        [(1, QUESTION, [[5]], 0), (1, OTHER_QUESTION, [[9]], 0), (2, QUESTION, [[7]], 0)]
    )
    assert result.vote_at(1, "fractional") == 0.75
    assert result.vote_at(1, "all") == 0.5
    assert result.vote_at(1, "output") == 2 / 3
    assert result.vote_at(1, "contest") == 0.5, "a former name of `all`"
    totals = result.totals()
    assert [totals[f"{name}_vote@1"] for name in ("fractional", "all", "output")] == [
        0.75, 0.5, 2 / 3,
    ]  # fmt: skip
    assert totals["output_vote@2_of_1"] == 2 / 3


def test_blank_rows_and_unknown_inputs_are_left_out() -> None:
    result = count([(0, QUESTION, [[5]], 0), (1, [[9, 9]], [[5]], 0), (2, QUESTION, [[7]], 0)])
    assert [tally.votes for tallies in result.tallies.values() for tally in tallies] == [0, 0, 1]
    assert result.submission()["one"] == [{"attempt_1": [], "attempt_2": []}] * 2


def test_the_ladder_counts_the_first_votes_of_each_input() -> None:
    rows = [(1, QUESTION, [[5]], 0)] + [(1, QUESTION, [[4]], 0)] * 3
    result = count([*rows, (2, QUESTION, [[7]], 0)])
    assert result.ladder(1, "fractional") == {1: 0.75, 3: 0.5}
    assert result.vote_at(1) == 0.5


@pytest.mark.parametrize("name", ["one|||t8|||0123456789", "one|||t1|||0012345678", "one|||t1"])
def test_a_malformed_identifier_is_refused(name: str) -> None:
    row = tokens(QUESTION)[None]
    with pytest.raises(TrmbenchError, match="names no variant"):
        vote(["<blank>", name], np.array([1]), row, row, np.zeros(1), PUZZLES)


def test_faulty_arrays_are_refused() -> None:
    row = tokens(QUESTION)[None]
    with pytest.raises(TrmbenchError, match="one row per prediction"):
        vote(NAMES, np.array([1, 1]), row, row, np.zeros(1), PUZZLES)
    with pytest.raises(TrmbenchError, match="puzzle identifiers run from 9"):
        vote(NAMES, np.array([9]), row, row, np.zeros(1), PUZZLES)


def test_an_unknown_scoring_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="unknown scoring"):
        count([(1, QUESTION, [[5]], 0)]).vote_at(1, "best")  # type: ignore[arg-type]


def test_votes_without_a_solution_can_be_submitted_but_not_scored() -> None:
    puzzles = {"one": {"test": [{"input": QUESTION}]}}
    rows = tokens(QUESTION)[None]
    result = vote(NAMES, np.array([1]), rows, tokens([[5]])[None], np.zeros(1), puzzles)
    assert result.submission()["one"][0]["attempt_1"] == [[5]]
    with pytest.raises(TrmbenchError, match="task one, test pair 0: no solution"):
        result.vote_at(1)
