"""Predictions that were made elsewhere, in the order of the puzzles of a table.

Shapes: N puzzles of the table, M predictions, L tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from trmbench.errors import TrmbenchError, shown
from trmbench.evaluation.prediction_files import Columns
from trmbench.evaluation.prediction_values import (
    candidates,
    flags,
    has,
    numbers,
    require_read,
    written,
)
from trmbench.spec import IGNORED_LABEL, Predictions, PuzzleTable, Task

MISSING, DOUBLED, UNKNOWN = "missing", "doubled", "unknown"
FAULTS = {
    MISSING: "no answer that can be read to {} of {} puzzles",
    DOUBLED: "several answers to {} of {} puzzles",
    UNKNOWN: "no puzzle of the task for {} of the predictions",
}
"""What may be wrong with predictions and be allowed: a puzzle without an answer counts as wrong, of
several answers the first counts, unknown puzzles are left out."""


def given_predictions(
    columns: Columns, task: Task, split: PuzzleTable, tested: PuzzleTable
) -> tuple[Predictions, dict[str, list[str]]]:
    """Bring predictions into the order of a table.

    Args:
        columns: M predictions, as `read_columns` reads them.
        task: whose puzzles they are.
        split: the puzzles that are known.
        tested: those of them that count, N; predictions of the others are left out.

    Returns:
        The predictions (N), padding where there is none, with a confidence that is no number where
        the file has none; and by fault the puzzles that have it.

    Raises:
        TrmbenchError: a value is none of its column, or a question is that of several puzzles.
    """
    answers = written(columns, "answer", task)
    rows, faults = _matched(_names(columns, task, split), split, tested)
    silent = _abstained(columns, rows)
    faults[MISSING] += _missing(rows, answers.faults, tested, silent)

    def taken(values: np.ndarray, without: float = 0) -> np.ndarray:
        chosen: np.ndarray = values[np.maximum(rows, 0)]
        chosen[rows < 0] = without
        return chosen

    attempts = None
    if has(columns, "second"):
        second = written(columns, "second", task)
        require_read(second, "second attempt")
        attempts = np.stack([taken(answers.tokens), taken(second.tokens)], axis=1)
    tokens, several = taken(answers.tokens), None
    if has(columns, "candidates"):
        several = taken(candidates(columns, task))
        _require_among(tokens, several, tested, silent)
    return (
        Predictions(
            tokens,
            taken(_confidence(columns, len(answers.tokens)), math.nan),
            candidates=several,
            attempts=attempts,
            cost=taken(numbers(columns["cost"], "cost", math.inf)) if "cost" in columns else None,
            abstained=silent,
        ),
        faults,
    )


def _abstained(columns: Columns, rows: np.ndarray) -> np.ndarray | None:
    """(N,) bool which puzzles' predictions, whose rows (N,) are given, say they are no answer."""
    if "abstained" not in columns:
        return None
    said: np.ndarray = flags(columns["abstained"], "abstained")[np.maximum(rows, 0)]
    said[rows < 0] = False
    return said


def _confidence(columns: Columns, predictions: int) -> np.ndarray:
    """(M,) float32, no number where the file has no such column."""
    if "confidence" not in columns:
        return np.full(predictions, math.nan, dtype=np.float32)
    return numbers(columns["confidence"], "confidence", 1).astype(np.float32)


def _missing(
    rows: np.ndarray, unread: Mapping[int, str], tested: PuzzleTable, silent: np.ndarray | None
) -> Iterator[str]:
    """Name the puzzles that have no answer, and do not say so themselves.

    Args:
        rows: (N,) int64 the prediction of each, -1 for none.
        unread: why the answer of a prediction cannot be read.
        tested: the puzzles.
        silent: (N,) bool which of them say so.
    """
    for place, name in enumerate(tested.puzzle_ids.tolist()):
        row = int(rows[place])
        if (row < 0 or row in unread) and not (silent is not None and silent[place]):
            yield f"{name}, row {row + 1}: {unread[row]}" if row in unread else name


def _require_among(
    tokens: np.ndarray, several: np.ndarray, tested: PuzzleTable, silent: np.ndarray | None
) -> None:
    """Refuse answers (N, L) that are none of their candidates (N, K, L) in what is asked."""
    same = (several == tokens[:, None]) | (tested.labels == IGNORED_LABEL)[:, None]
    given = same.all(axis=2).any(axis=1)
    strangers = np.flatnonzero(~given if silent is None else ~(given | silent))
    if len(strangers):
        raise TrmbenchError(
            f"the answers to {len(strangers):,} of {len(tokens):,} puzzles are none of their"
            f" candidates (first: {tested.puzzle_ids[strangers[0]]})",
            "candidates are the answers of which the answer is one",
        )


def require_faultless(
    faults: dict[str, list[str]], puzzles: int, allowed: Sequence[str]
) -> list[str]:
    """Tell what is wrong with predictions of so many puzzles, a line each.

    Raises:
        TrmbenchError: a fault is not allowed; it counts all of them.
    """
    lines = [
        f"{words.format(f'{len(faults[name]):,}', f'{puzzles:,}')} (first: {faults[name][0]})"
        for name, words in FAULTS.items()
        if faults[name]
    ]
    refused = [name for name in FAULTS if faults[name] and name not in allowed]
    if refused:
        flags = " ".join(f"--allow-{name}" for name in refused)
        raise TrmbenchError(
            "; ".join(lines),
            f"correct the file, or add {flags}: a puzzle without an answer then counts as wrong, of"
            " several answers the first counts, unknown puzzles are left out",
        )
    return lines


def _names(columns: Columns, task: Task, split: PuzzleTable) -> Iterable[str]:
    """The puzzle id of each prediction; one whose question is unknown is named by its row."""
    if "puzzle_id" in columns:
        return [str(name) for name in columns["puzzle_id"]]
    ids: dict[bytes, list[str]] = {}
    for tokens, name in zip(split.inputs, split.puzzle_ids.tolist(), strict=True):
        ids.setdefault(tokens.tobytes(), []).append(name)
    names = []
    questions = written(columns, "question", task)
    for row, tokens in enumerate(questions.tokens):
        found = [] if row in questions.faults else ids.get(tokens.tobytes(), [])
        if len(found) > 1:
            raise TrmbenchError(
                f"row {row + 1}: its question is that of {found[0]} and {found[1]}",
                "name the puzzles in a column puzzle_id",
            )
        why = questions.faults.get(row, "another question")
        names.append(found[0] if found else f"row {row + 1}: {why}")
    return names


def _matched(
    names: Iterable[str], split: PuzzleTable, tested: PuzzleTable
) -> tuple[np.ndarray, dict[str, list[str]]]:
    """(N,) int64 the prediction of each tested puzzle, -1 for none; and what is wrong."""
    place_of = {name: place for place, name in enumerate(tested.puzzle_ids.tolist())}
    known = set(split.puzzle_ids.tolist())
    rows = np.full(len(tested), -1)
    doubled: dict[str, None] = {}
    faults: dict[str, list[str]] = {name: [] for name in FAULTS}
    for row, name in enumerate(names):
        place = place_of.get(name)
        if place is None:
            faults[UNKNOWN] += [] if name in known else [shown(name)]
        elif rows[place] < 0:
            rows[place] = row
        else:
            doubled[name] = None
    faults[DOUBLED] += doubled
    return rows, faults
