"""From predictions to rows: per-puzzle scores, totals and votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trmbench.spec import IGNORED_LABEL, Predictions, PuzzleTable, Task

ATTEMPTS = 2
"""Answers with the most votes that a task may count as tried."""


def score(
    task: Task, table: PuzzleTable, predictions: Predictions
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score predictions of a table.

    Returns:
        The figures of the `trials` row, and the columns of the `puzzles` rows.
    """
    scored = table.labels != IGNORED_LABEL
    right = (predictions.tokens == table.labels) & scored
    exact = _exact(predictions.tokens, table)
    cells = right.sum(1) / np.maximum(1, scored.sum(1))
    valid = task.verify(table.inputs, predictions.tokens)
    scores = task.score(table, predictions)
    figures: dict[str, Any] = {
        "score": float(np.mean(scores.per_puzzle)),
        "exact_accuracy": float(exact.mean()),
        "cell_accuracy": float(cells.mean()),
        "valid_accuracy": float(np.mean(valid)),
        "totals": {name: float(value) for name, value in scores.totals.items()},
        "test_puzzles": len(table),
    }
    columns: dict[str, Any] = {
        "puzzle_id": table.puzzle_ids.tolist(),
        "group": table.groups.tolist(),
        "score": np.asarray(scores.per_puzzle, dtype=np.float64),
        "exact": exact,
        "valid": np.asarray(valid, dtype=bool),
        "cell_accuracy": cells,
        "halt_probability": predictions.confidence.astype(np.float32),
        "answer": [tokens.tobytes() for tokens in predictions.tokens],
        "exact_by_step": [None] * len(table),
    }
    if predictions.tokens_by_step is not None:
        by_step = np.stack([_exact(tokens, table) for tokens in predictions.tokens_by_step], axis=1)
        columns["exact_by_step"] = list(by_step)
        figures["exact_accuracy_by_step"] = by_step.mean(axis=0).tolist()
    if predictions.candidates is not None:
        figures["totals"] |= _oracle(task, table, predictions)
    return figures, columns


def _oracle(task: Task, table: PuzzleTable, predictions: Predictions) -> dict[str, float]:
    """pass@K: the score of someone who knows the best of the K candidates of each puzzle."""
    assert predictions.candidates is not None
    each = [
        task.score(table, Predictions(tokens, predictions.confidence)).per_puzzle
        for tokens in predictions.candidates.swapaxes(0, 1)
    ]
    return {f"oracle_pass@{len(each)}": float(np.max(each, axis=0).mean())}


def _exact(tokens: np.ndarray, table: PuzzleTable) -> np.ndarray:
    ignored = table.labels == IGNORED_LABEL
    exact: np.ndarray = ((tokens == table.labels) | ignored).all(axis=1)
    return exact


def count_votes(
    table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
) -> tuple[Predictions, list[Mapping[str, Any]]]:
    """The answer most ballots agree on, per puzzle.

    Answers are ranked by their number of votes, then by their mean halting probability; of equals
    the first one cast wins, and ballots have a fixed order.

    Args:
        table: the puzzles, N.
        ballots: one row per vote, `puzzle_ids` naming the puzzle.
        predictions: the votes, already in the puzzles' own frame.

    Returns:
        The winning predictions (N,), with the share of votes as confidence where several voted,
        and the best two (the best again where there is one); and a `votes` row per distinct answer.
    """
    row_of = {puzzle_id: row for row, puzzle_id in enumerate(table.puzzle_ids.tolist())}
    counts: list[dict[bytes, _Count]] = [{} for _ in row_of]
    for puzzle_id, tokens, confidence in zip(
        ballots.puzzle_ids.tolist(),
        predictions.tokens,
        predictions.confidence.tolist(),
        strict=True,
    ):
        counts[row_of[puzzle_id]].setdefault(tokens.tobytes(), _Count()).add(confidence)
    rows: list[Mapping[str, Any]] = []
    attempts, confidences = [], []
    for row, answers in enumerate(counts):
        ranked = sorted(answers.items(), key=lambda item: item[1].rank, reverse=True)
        label = table.select(slice(row, row + 1))
        for answer, count in ranked:
            tokens = np.frombuffer(answer, dtype=np.uint8)
            rows.append(
                {
                    "puzzle_id": table.puzzle_ids[row],
                    "answer": answer,
                    "votes": count.votes,
                    "mean_halt_probability": count.confidence / count.votes,
                    "correct": bool(_exact(tokens[None], label)[0]),
                }
            )
        best = [np.frombuffer(answer, dtype=np.uint8) for answer, _ in ranked[:ATTEMPTS]]
        attempts.append(np.stack([*best, *best[:1] * (ATTEMPTS - len(best))]))
        confidences.append(ranked[0][1].votes / sum(count.votes for count in answers.values()))
    tried = np.stack(attempts)
    shares = np.array(confidences, dtype=np.float32)
    return Predictions(tried[:, 0], shares, attempts=tried), rows


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
