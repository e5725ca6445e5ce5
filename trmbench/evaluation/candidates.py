"""Several answers to a puzzle: how many are right, how many differ, and what choosing does.

An answer is right if the task's `verify` accepts it. Two answers are the same if they agree
wherever something is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from trmbench.evaluation.ranking import auc_within
from trmbench.spec import IGNORED_LABEL, Predictions, PuzzleTable, Task

_AT_ONCE = 2**16
"""Answers that are looked at together."""


class Pool(NamedTuple):
    """M answers to the puzzles of a table, the answers to one puzzle next to each other."""

    owners: np.ndarray
    """(M,) int64 rows of the table, rising."""
    tokens: np.ndarray
    """(M, L) uint8."""
    scores: np.ndarray | None
    """(M,) float64 by which the model measures them, higher is better."""


def pool_of(
    table: PuzzleTable, predictions: Predictions, ballots: PuzzleTable | None = None
) -> Pool | None:
    """Collect the candidates of predictions, or the votes; None where there is one answer each.

    Args:
        table: the puzzles, N.
        predictions: their answers (N,), or the votes (M,).
        ballots: one row per vote, `puzzle_ids` naming the puzzle.
    """
    if ballots is not None:
        owners, tokens = owners_of(table, ballots), answered_tokens(predictions)
        sure = predictions.confidence.astype(np.float64)
        if (owners[1:] < owners[:-1]).any():
            order = owners.argsort(kind="stable")
            owners, tokens, sure = owners[order], tokens[order], sure[order]
        return Pool(owners, tokens, sure)
    if predictions.candidates is None:
        return None
    count, each, length = predictions.candidates.shape
    scores = predictions.candidate_scores
    return Pool(
        np.repeat(np.arange(count), each),
        predictions.candidates.reshape(-1, length),
        None if scores is None else scores.reshape(-1),
    )


def owners_of(table: PuzzleTable, ballots: PuzzleTable) -> np.ndarray:
    """(M,) int64 rows of the table that votes are about."""
    row_of = {puzzle_id: row for row, puzzle_id in enumerate(table.puzzle_ids.tolist())}
    return np.array([row_of[name] for name in ballots.puzzle_ids.tolist()], np.int64)


def answered_tokens(predictions: Predictions) -> np.ndarray:
    """The answers (N, L), padding throughout where the model abstained."""
    if predictions.abstained is None:
        return predictions.tokens
    return np.where(predictions.abstained[:, None], np.uint8(IGNORED_LABEL), predictions.tokens)


def verdicts(task: Task, table: PuzzleTable, owners: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """(M,) bool: whether answers (M, L) to the puzzles (M,) of a table are right, by `verify`."""
    parts = [slice(start, start + _AT_ONCE) for start in range(0, len(owners), _AT_ONCE)]
    found = [task.verify(table.inputs[owners[part]], tokens[part]) for part in parts]
    return np.concatenate([np.empty(0, bool), *(np.asarray(each, bool) for each in found)])


def candidate_columns(
    task: Task, table: PuzzleTable, pool: Pool, chosen: Predictions
) -> dict[str, Any]:
    """Columns of the `puzzles` rows that tell of a puzzle's candidates.

    Args:
        task: whose `verify` counts, and `solutions` if it has it.
        table: the puzzles.
        pool: at least one answer to each of them.
        chosen: the answers that count.
    """
    solutions = task.solutions(table.inputs)
    columns: dict[str, list[Any]] = {
        "solutions": [None] * len(table)
        if solutions is None
        else [count or None for count in np.asarray(solutions).tolist()]
    }
    for rows, part in _parts(pool, len(table)):
        some = table.select(rows)
        for name, values in _columns_of(task, some, part, answered_tokens(chosen)[rows]).items():
            columns.setdefault(name, []).extend(values)
    return columns


def _parts(pool: Pool, size: int) -> Iterator[tuple[slice, Pool]]:
    """The pool in parts of whole puzzles, owners counted from the first puzzle of each part."""
    first = np.searchsorted(pool.owners, np.arange(size + 1))
    step = max(1, _AT_ONCE * size // max(1, len(pool.owners)))
    for start in range(0, size, step):
        stop = min(start + step, size)
        part = slice(first[start], first[stop])
        scores = None if pool.scores is None else pool.scores[part]
        yield slice(start, stop), Pool(pool.owners[part] - start, pool.tokens[part], scores)


def _columns_of(
    task: Task, table: PuzzleTable, pool: Pool, chosen: np.ndarray
) -> dict[str, list[Any]]:
    size, owners = len(table), pool.owners
    _, first, same = _distinct(owners, pool.tokens)
    right = verdicts(task, table, owners[first], pool.tokens[first])[same]
    blank = table.labels == IGNORED_LABEL
    asked = np.where(blank[owners], np.uint8(IGNORED_LABEL), pool.tokens)
    times, first, same = _distinct(owners, asked)
    solved = np.zeros(len(first), bool)
    np.logical_or.at(solved, same, right)  # what is not asked may decide all the same
    last = np.zeros(len(first), np.int64)
    np.maximum.at(last, same, np.arange(len(owners)))
    ranked = np.lexsort((last, -times, owners[first]))  # most frequent first, of equals the first
    found = ranked[solved[ranked]]
    columns: dict[str, Any] = {
        "candidates": np.bincount(owners, minlength=size),
        "candidates_right": np.bincount(owners, right, size).astype(np.int64),
        "distinct_right": np.bincount(owners[first[found]], minlength=size),
        "times_found": _split(times[found], owners[first[found]], size),
        "mode_right": solved[ranked][np.searchsorted(owners[first][ranked], np.arange(size))],
        "right_by_score": [None] * size,
        "candidate_auc": [None] * size,
    }
    if pool.scores is not None:
        is_chosen = (asked == np.where(blank, IGNORED_LABEL, chosen)[owners]).all(axis=1)
        columns["right_by_score"] = _by_score(pool, right, is_chosen, size)
        areas = auc_within(pool.scores, right, owners, size).tolist()
        columns["candidate_auc"] = [None if area != area else area for area in areas]
    return {
        name: values.tolist() if isinstance(values, np.ndarray) else values
        for name, values in columns.items()
    }


def _distinct(owners: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The D different answers, puzzle by puzzle.

    Returns:
        (D,) how often each was given, (D,) where first, and (M,) which of them each answer is.
    """
    names = owners.astype(">u4").view(np.uint8).reshape(-1, 4)
    rows = np.ascontiguousarray(np.concatenate([names, tokens], axis=1))
    keys = rows.view(f"S{rows.shape[1]}")[:, 0]
    _, first, same, times = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return times, first, same


def _by_score(
    pool: Pool, right: np.ndarray, is_chosen: np.ndarray, size: int
) -> list[list[bool] | None]:
    """Whether the candidates are right, best score first, of equal ones the chosen one.

    None where the model chose another one than the best.
    """
    assert pool.scores is not None
    order = np.lexsort((~is_chosen, -pool.scores, pool.owners))
    best = order[np.searchsorted(pool.owners[order], np.arange(size))]
    lists = _split(right[order], pool.owners, size)
    return [found if chosen else None for found, chosen in zip(lists, is_chosen[best], strict=True)]


def _split(values: np.ndarray, owners: np.ndarray, size: int) -> list[list[Any]]:
    """Values (M,) as a list per puzzle."""
    bounds = np.searchsorted(owners, np.arange(size + 1)).tolist()
    plain = values.tolist()
    return [plain[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
