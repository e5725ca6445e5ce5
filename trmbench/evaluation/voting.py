"""Votes: the answer to a puzzle that most of its augmented copies agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trmbench.evaluation.candidates import owners_of, verdicts
from trmbench.spec import Predictions, PuzzleTable, Task

ATTEMPTS = 2
"""Answers with the most votes that a task may count as tried."""


def count_votes(
    task: Task, table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
) -> tuple[Predictions, list[Mapping[str, Any]]]:
    """The answer most ballots agree on, per puzzle.

    Answers are ranked by their number of votes, then by their mean halting probability; of equals
    the first one cast wins, and ballots have a fixed order. A copy to which the model gives no
    answer casts no vote; a puzzle without any vote has no answer.

    Args:
        task: whose `verify` says which answers are right.
        table: the puzzles, N.
        ballots: one row per vote, `puzzle_ids` naming the puzzle.
        predictions: the votes, already in the puzzles' own frame.

    Returns:
        The winning predictions (N,), with the share of votes as confidence where several voted,
        and the best two (the best again where there is one); and a `votes` row per distinct answer.
    """
    ranked = [
        sorted(answers.items(), key=lambda item: item[1].rank, reverse=True)
        for answers in _counted(table, ballots, predictions)
    ]
    owners = np.repeat(np.arange(len(table)), [len(answers) for answers in ranked])
    every = [item for answers in ranked for item in answers]
    tokens = np.frombuffer(b"".join(answer for answer, _ in every), np.uint8)
    right = verdicts(task, table, owners, tokens.reshape(len(every), table.inputs.shape[1]))
    rows: list[Mapping[str, Any]] = [
        {
            "puzzle_id": table.puzzle_ids[row],
            "answer": answer,
            "votes": count.votes,
            "mean_halt_probability": count.confidence / count.votes,
            "correct": correct,
        }
        for row, (answer, count), correct in zip(
            owners.tolist(), every, right.tolist(), strict=True
        )
    ]
    none = np.zeros(table.inputs.shape[1], np.uint8).tobytes()
    tried = np.stack([_best([answer for answer, _ in answers] or [none]) for answers in ranked])
    shares = np.array([_share(answers) for answers in ranked], np.float32)
    silent = np.array([not answers for answers in ranked])
    abstained = None if predictions.abstained is None else silent
    return Predictions(tried[:, 0], shares, attempts=tried, abstained=abstained), rows


def _counted(
    table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
) -> list[dict[bytes, _Count]]:
    """The votes for each answer, puzzle by puzzle."""
    counts: list[dict[bytes, _Count]] = [{} for _ in range(len(table))]
    silent = predictions.abstained
    for owner, tokens, confidence, abstained in zip(
        owners_of(table, ballots).tolist(),
        predictions.tokens,
        predictions.confidence.tolist(),
        [False] * len(ballots) if silent is None else silent.tolist(),
        strict=True,
    ):
        if not abstained:
            counts[owner].setdefault(tokens.tobytes(), _Count()).add(confidence)
    return counts


def _best(answers: Sequence[bytes]) -> np.ndarray:
    """(2, L) uint8: the best two answers, the best again where there is one."""
    best = [np.frombuffer(answer, np.uint8) for answer in answers[:ATTEMPTS]]
    return np.stack([*best, *best[:1] * (ATTEMPTS - len(best))])


def _share(ranked: Sequence[tuple[bytes, _Count]]) -> float:
    """The share of the votes that the best answer has; 0 without any."""
    return ranked[0][1].votes / sum(count.votes for _, count in ranked) if ranked else 0.0


@dataclass
class _Count:
    """The votes for one answer."""

    votes: int = 0
    confidence: float = 0.0

    def add(self, confidence: float) -> None:
        self.votes += 1
        self.confidence += confidence

    @property
    def rank(self) -> tuple[int, float]:
        return self.votes, self.confidence / self.votes
