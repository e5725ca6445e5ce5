"""What the rows of puzzles tell of candidates and votes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trmbench import PuzzleTable, Scores, Task, TrmbenchError
from trmbench.evaluation import candidates
from trmbench.evaluation.candidates import candidate_columns, pool_of
from trmbench.evaluation.scoring import score
from trmbench.evaluation.voting import count_votes
from trmbench.spec import Predictions


class SumToFive(Task):
    """Two whole numbers from 1 on whose sum is 5: four right answers, one of them the label."""

    info: Any = type("Info", (), {"primary_metric": "exact_accuracy"})

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return (answers.astype(int).sum(axis=1) == 5) & (answers > 0).all(axis=1)

    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        return np.where(inputs[:, 0] == 9, 0, 4)


def table(size: int) -> PuzzleTable:
    labels = np.tile(np.array([2, 3], np.uint8), (size, 1))
    inputs = np.ones_like(labels)
    inputs[-1] = 9
    ids = np.array(list("abcd")[:size])
    return PuzzleTable(inputs, labels, np.zeros(size, np.int32), ids, ids)


def answers(*digits: str) -> np.ndarray:
    """(N, K, 2) of texts such as "14 23"."""
    return np.array([[list(map(int, one)) for one in row.split()] for row in digits], np.uint8)


GIVEN = answers("14 23 14 99", "99 14 14 99", "88 99 98 88", "14 99 32 88")
SCORES = np.array([[0.1, 0.5, 0.3, 0.9], [1, 1, 0, 2], [0, 0, 1, 0], [3, 1, 2, 0.0]])
CHOSEN = Predictions(
    answers("99 99 88 14")[0],
    np.ones(4, np.float32),
    candidates=GIVEN,
    candidate_scores=SCORES,
    abstained=np.array([False, False, False, True]),
)


def columns_of(chosen: Predictions) -> dict[str, Any]:
    pool = pool_of(table(4), chosen)
    assert pool is not None
    return candidate_columns(SumToFive(), table(4), pool, chosen)


@pytest.mark.parametrize("at_once", [1, 7, 2**16])
def test_candidates_are_counted_puzzle_by_puzzle(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "_AT_ONCE", at_once)
    assert columns_of(CHOSEN) == {
        "candidates": [4, 4, 4, 4],
        "candidates_right": [3, 2, 0, 2],
        "distinct_right": [2, 1, 0, 2],
        "times_found": [[2, 1], [2], [], [1, 1]],
        "solutions": [4, 4, 4, None],
        "mode_right": [True, True, False, True],  # of equals the one that was so first
        "right_by_score": [[False, True, True, True], [False, False, True, True], None, None],
        "candidate_auc": [0.0, 0.125, None, 1.0],
    }


def test_candidates_without_scores_are_counted_and_not_ranked() -> None:
    found = columns_of(Predictions(CHOSEN.tokens, CHOSEN.confidence, candidates=GIVEN))
    assert found["candidates_right"] == [3, 2, 0, 2]
    assert found["right_by_score"] == found["candidate_auc"] == [None] * 4


def test_what_is_not_asked_tells_no_answers_apart() -> None:
    asked = table(1)
    asked.labels[:, 1] = 0

    class FirstIsOne(SumToFive):
        def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
            return np.asarray(answers[:, 0] == 1)

    chosen = Predictions(answers("14")[0], np.ones(1), candidates=answers("14 15 23 23 16"))
    pool = pool_of(asked, chosen)
    assert pool is not None
    found = candidate_columns(FirstIsOne(), asked, pool, chosen)
    assert (found["candidates_right"], found["times_found"]) == ([3], [[3]])
    assert found["mode_right"] == [True], "15, 14 and 16 are one answer"


def test_who_abstains_has_solved_nothing_and_keeps_what_was_shown() -> None:
    right = answers("23 23 14 23")[0]
    abstained = np.array([True, False, False, False])
    figures, columns = score(
        SumToFive(), table(4), Predictions(right, np.ones(4), abstained=abstained)
    )
    assert columns["exact"].tolist() == [False, True, False, True]
    assert columns["valid"].tolist() == [False, True, True, True]
    assert columns["score"].tolist() == [0, 1, 0, 1]
    assert columns["answer"][0] == bytes([2, 3]) and columns["abstained"][0]
    assert (figures["exact_accuracy"], figures["valid_accuracy"]) == (0.5, 0.75)


class Named(SumToFive):
    """Gives puzzles a further score."""

    def __init__(self, name: str, values: list[float]) -> None:
        self._named = {name: np.array(values)}

    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        return Scores(np.zeros(len(table)), {"whole": 7.0}, self._named)


def test_scores_that_a_task_names_are_kept_puzzle_by_puzzle() -> None:
    answer = Predictions(answers("14 14")[0], np.ones(2))
    task = Named("sharp", [0.25, 0.75])
    figures, columns = score(task, table(2), answer, {"first@2": np.array([1.0, 0]), "all": 3.0})
    assert figures["totals"] == {"first@2": 0.5, "all": 3.0, "sharp": 0.5, "whole": 7.0}
    assert columns["score_names"] == [["first@2", "sharp"]] * 2
    assert np.stack(columns["named_scores"]).tolist() == [[1.0, 0.25], [0.0, 0.75]]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("pass@2", [0, 1], "named 'pass@2', a name that is taken"),
        ("all_sharp", [0, 1], "named 'all_sharp', a name that is taken"),
        ("sharp", [0, 1, 1], "'sharp' are no 2 scores from 0 to 1"),
        ("sharp", [0, 1.5], "'sharp' are no 2 scores from 0 to 1"),
        ("sharp", [0, np.nan], "'sharp' are no 2 scores from 0 to 1"),
    ],
)
def test_a_score_that_cannot_be_one_is_refused(
    name: str, values: list[float], message: str
) -> None:
    with pytest.raises(TrmbenchError, match=message):
        score(Named(name, values), table(2), Predictions(answers("14 14")[0], np.ones(2)))


def votes_on(*cast: str, abstained: list[bool] | None = None) -> tuple[Predictions, Any, Any]:
    """Count votes such as "a14"; also the columns that they fill."""
    names = np.array([vote[0] for vote in cast])
    tokens = np.array([[int(digit) for digit in vote[1:]] for vote in cast], np.uint8)
    given = table(2)
    rows = [given.puzzle_ids.tolist().index(name) for name in names]
    silent = None if abstained is None else np.array(abstained)
    votes = Predictions(tokens, np.full(len(cast), 0.5, np.float32), abstained=silent)
    found, counted = count_votes(SumToFive(), given, given.select(np.array(rows)), votes)
    pool = pool_of(given, votes, given.select(np.array(rows)))
    assert pool is not None
    return found, counted, candidate_columns(SumToFive(), given, pool, found)


def test_every_right_answer_that_was_voted_for_is_called_right() -> None:
    found, counted, columns = votes_on("a14", "b99", "a23", "b88", "a14", "b99")
    assert found.tokens.tolist() == [[1, 4], [9, 9]] and found.abstained is None
    right = {(row["puzzle_id"], row["answer"]): row["correct"] for row in counted}
    assert right == {
        ("a", bytes([1, 4])): True,
        ("a", bytes([2, 3])): True,
        ("b", bytes([9, 9])): False,
        ("b", bytes([8, 8])): False,
    }
    assert columns["candidates"] == [3, 3] and columns["distinct_right"] == [2, 0]
    assert columns["times_found"] == [[2, 1], []] and columns["mode_right"] == [True, False]


def test_a_copy_without_an_answer_casts_no_vote() -> None:
    silent = [True, True, False, True, True, True]
    found, counted, _ = votes_on("a14", "b99", "a23", "b88", "a14", "b99", abstained=silent)
    assert found.abstained is not None and found.abstained.tolist() == [False, True]
    assert found.tokens.tolist() == [[2, 3], [0, 0]] and found.confidence.tolist() == [1, 0]
    assert [(row["puzzle_id"], row["votes"]) for row in counted] == [("a", 1)]
