"""Candidates, abstentions and costs of a solver on their way to the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from trmbench import Answers, Batch, PuzzleTable, TrmbenchError
from trmbench.evaluation.answers import predict
from trmbench.spec import Predictions
from trmbench.streams import Streams


def table(size: int = 5, length: int = 3) -> PuzzleTable:
    tokens = np.arange(size * length, dtype=np.uint8).reshape(size, length)
    ids = np.array([f"p{row}" for row in range(size)])
    return PuzzleTable(tokens, tokens, np.zeros(size, np.int32), ids, ids)


class Copying:
    """Answers with the question, one of two candidates; `change` may spoil it."""

    def __init__(self, **change: Callable[[Batch], Tensor | None]) -> None:
        self._change = change

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        size = len(batch.inputs)
        answers = Answers(
            batch.inputs,
            torch.ones(size),
            candidates=torch.stack([batch.inputs + 1, batch.inputs], 1),
            candidate_scores=torch.tensor([[0.5, 2.0]]).repeat(size, 1),
            abstained=batch.rows == 3,
            cost=batch.rows.double(),
        )
        return dataclasses.replace(
            answers, **{name: change(batch) for name, change in self._change.items()}
        )


def predicted(solver: Any, **how: Any) -> Predictions:
    cpu = torch.device("cpu")
    return predict(solver, table(), 2, Streams(0, cpu), cpu, **how)


def test_candidates_scores_abstentions_and_costs_of_all_batches_are_kept() -> None:
    found = predicted(Copying())
    assert found.candidates is not None and found.candidate_scores is not None
    assert (found.candidates[:, 1] == table().inputs).all()
    assert found.candidate_scores.tolist() == [[0.5, 2.0]] * 5
    assert found.abstained is not None and found.abstained.tolist() == [False] * 3 + [True, False]
    assert found.cost is not None and found.cost.tolist() == [0, 1, 2, 3, 4]


def test_ballots_keep_abstentions_and_costs_but_no_candidates() -> None:
    found = predicted(Copying(), by_step=False)
    assert found.candidates is None and found.candidate_scores is None
    assert found.abstained is not None and found.cost is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"candidates": lambda batch: batch.inputs},
            r"candidates have shape \(2, 3\) instead of \(B, K, L\) = \(2, K, 3\)",
        ),
        (
            {"candidates": lambda batch: batch.inputs[:, None] + 1},
            "answer to puzzle 0 is none of its 1 candidates",
        ),
        ({"candidates": lambda batch: None}, "candidate_scores come without candidates"),
        (
            {"candidate_scores": lambda batch: torch.zeros(len(batch.inputs), 3)},
            r"candidate_scores have shape \(2, 3\) instead of \(B, K\) = \(2, 2\)",
        ),
        (
            {"candidate_scores": lambda batch: (1 / (batch.rows - 2.0))[:, None].repeat(1, 2)},
            "candidate_scores has inf for candidate 0 of puzzle 2",
        ),
        (
            {"abstained": lambda batch: batch.rows},
            "abstained is torch.int64, not bool",
        ),
        ({"cost": lambda batch: batch.rows - 4.0}, "cost of puzzle 0 is -4.0"),
        (
            {"abstained": lambda batch: None if batch.rows[0] else batch.rows > 9},
            "abstained for 1 of 3 batches",
        ),
        (
            {
                "candidates": lambda batch: batch.inputs[:, None].repeat(1, len(batch.rows), 1),
                "candidate_scores": lambda batch: None,
            },
            r"candidates of shapes \(2, 2, 3\) and \(1, 1, 3\)",
        ),
    ],
)
def test_what_breaks_the_contract_is_refused_in_a_line(
    change: dict[str, Callable[[Batch], Tensor | None]], message: str
) -> None:
    with pytest.raises(TrmbenchError, match=message):
        predicted(Copying(**change))


def test_who_abstains_need_not_have_the_answer_among_the_candidates() -> None:
    everywhere = {
        "abstained": lambda batch: torch.ones(len(batch.rows), dtype=torch.bool),
        "candidates": lambda batch: batch.inputs[:, None].repeat(1, 2, 1) + 1,
    }
    assert predicted(Copying(**everywhere)).candidates is not None
