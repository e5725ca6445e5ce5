"""From predictions to rows: per-puzzle scores and totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.evaluation.candidates import answered_tokens
from trmbench.spec import IGNORED_LABEL, Predictions, PuzzleTable, Scores, Task
from trmbench.spec.metrics import ABSTAINED, figure_of, is_free


def score(
    task: Task,
    table: PuzzleTable,
    predictions: Predictions,
    of_votes: Mapping[str, float | np.ndarray] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score predictions of a table; a puzzle to which there is no answer is not solved.

    Args:
        task: whose score counts.
        table: the puzzles.
        predictions: the answers.
        of_votes: what `task.score_votes` says.

    Returns:
        The figures of the `trials` row, and the columns of the `puzzles` rows.
    """
    shown, blank = predictions.tokens, replace(predictions, tokens=answered_tokens(predictions))
    columns, scores = _columns(task, table, blank)
    totals, named = _named(len(table), of_votes or {}, scores)
    if predictions.abstained is not None:
        totals[ABSTAINED] = float(predictions.abstained.mean())
    columns |= {"answer": [tokens.tobytes() for tokens in shown], **named}
    figures: dict[str, Any] = {
        "score": float(np.mean(columns["score"])),
        "exact_accuracy": float(columns["exact"].mean()),
        "cell_accuracy": float(columns["cell_accuracy"].mean()),
        "valid_accuracy": float(columns["valid"].mean()),
        "totals": totals,
        "test_puzzles": len(table),
    }
    if predictions.tokens_by_step is not None:
        by_step = [is_exact(tokens, table) for tokens in predictions.tokens_by_step]
        columns["exact_by_step"] = list(np.stack(by_step, axis=1))
        figures["exact_accuracy_by_step"] = [float(exact.mean()) for exact in by_step]
    if predictions.candidates is not None:
        totals |= _oracle(task, table, predictions)
    return figures, columns


def _columns(
    task: Task, table: PuzzleTable, predictions: Predictions
) -> tuple[dict[str, Any], Scores]:
    """The columns of every test, and what the task says of the answers."""
    silent = predictions.abstained
    answered = np.ones(len(table), bool) if silent is None else ~silent
    asked = table.labels != IGNORED_LABEL
    right = ((predictions.tokens == table.labels) & asked).sum(1)
    scores = task.score(table, predictions)
    columns = {
        "puzzle_id": table.puzzle_ids.tolist(),
        "group": table.groups.tolist(),
        "score": np.where(answered, np.asarray(scores.per_puzzle, np.float64), 0.0),
        "exact": is_exact(predictions.tokens, table) & answered,
        "valid": np.asarray(task.verify(table.inputs, predictions.tokens), bool) & answered,
        "cell_accuracy": right / np.maximum(1, asked.sum(1)),
        "halt_probability": predictions.confidence.astype(np.float32),
    }
    return columns if silent is None else {**columns, "abstained": silent}, scores


def _named(
    size: int, of_votes: Mapping[str, float | np.ndarray], scores: Scores
) -> tuple[dict[str, float], dict[str, Any]]:
    """All named figures of the test, and the columns of those that every puzzle has."""
    named = {name: value for name, value in of_votes.items() if isinstance(value, np.ndarray)}
    named |= scores.by_name
    check_named(size, named)
    figures = {**of_votes, **scores.by_name, **scores.totals}
    ruled = {
        figure_of(name) for name in figures if figure_of(name) != name
    }  # with means of its own
    totals = {k: float(np.mean(value)) for k, value in figures.items() if k not in ruled}
    if not named:
        return totals, {}
    matrix = np.stack([np.asarray(values, np.float64) for values in named.values()], axis=1)
    return totals, {"score_names": [list(named)] * size, "named_scores": list(matrix)}


def check_named(size: int, named: Mapping[str, np.ndarray]) -> None:
    """Refuse scores of `size` puzzles that have a name or values that they cannot have.

    Raises:
        TrmbenchError: there are such scores.
    """
    for name, values in named.items():
        if not is_free(name):
            raise TrmbenchError(
                f"the task gives scores per puzzle named {name!r}, a name that is taken",
                "letters, digits and _, without a rule such as all_ in front",
            )
        if np.shape(values) != (size,) or not ((values >= 0) & (values <= 1)).all():
            raise TrmbenchError(
                f"the task's {name!r} are no {size} scores from 0 to 1", "one for each puzzle"
            )


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
