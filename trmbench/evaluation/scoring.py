"""From predictions to rows: per-puzzle scores and totals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from trmbench.evaluation.candidates import answered_tokens
from trmbench.spec import IGNORED_LABEL, Predictions, PuzzleTable, Task


def score(
    task: Task, table: PuzzleTable, predictions: Predictions
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score predictions of a table; a puzzle to which there is no answer is not solved.

    Returns:
        The figures of the `trials` row, and the columns of the `puzzles` rows.
    """
    answered = np.ones(len(table), bool)
    if predictions.abstained is not None:
        answered = ~predictions.abstained
    given = predictions.tokens
    predictions = replace(predictions, tokens=answered_tokens(predictions))
    scored = table.labels != IGNORED_LABEL
    right = (predictions.tokens == table.labels) & scored
    exact = is_exact(predictions.tokens, table) & answered
    cells = right.sum(1) / np.maximum(1, scored.sum(1))
    valid = np.asarray(task.verify(table.inputs, predictions.tokens), bool) & answered
    scores = task.score(table, predictions)
    per_puzzle = np.where(answered, np.asarray(scores.per_puzzle, np.float64), 0.0)
    figures: dict[str, Any] = {
        "score": float(np.mean(per_puzzle)),
        "exact_accuracy": float(exact.mean()),
        "cell_accuracy": float(cells.mean()),
        "valid_accuracy": float(np.mean(valid)),
        "totals": {name: float(value) for name, value in scores.totals.items()},
        "test_puzzles": len(table),
    }
    columns: dict[str, Any] = {
        "puzzle_id": table.puzzle_ids.tolist(),
        "group": table.groups.tolist(),
        "score": per_puzzle,
        "exact": exact,
        "valid": valid,
        "cell_accuracy": cells,
        "halt_probability": predictions.confidence.astype(np.float32),
        "answer": [tokens.tobytes() for tokens in given],
    }
    if predictions.abstained is not None:
        columns["abstained"] = predictions.abstained
    if predictions.tokens_by_step is not None:
        by_step = np.stack(
            [is_exact(tokens, table) for tokens in predictions.tokens_by_step], axis=1
        )
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


def is_exact(tokens: np.ndarray, table: PuzzleTable) -> np.ndarray:
    """(N,) bool: whether answers (N, L) are the labels wherever something is asked."""
    ignored = table.labels == IGNORED_LABEL
    exact: np.ndarray = ((tokens == table.labels) | ignored).all(axis=1)
    return exact
