"""Values of a file of predictions: texts and lists become tokens, and numbers are checked.

Shapes: M predictions, K candidates, L tokens.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from trmbench.errors import TrmbenchError, shown
from trmbench.evaluation.prediction_files import Column, Columns
from trmbench.spec import Task


class Written(NamedTuple):
    """Questions or answers of a column."""

    tokens: np.ndarray
    """(M, L) uint8, padding where a value cannot be read."""
    faults: dict[int, str]
    """Why a value cannot be read, by row."""


def has(columns: Columns, name: str) -> bool:
    """Whether there is a column, written as texts or as tokens."""
    return name in columns or f"{name}_tokens" in columns


def written(columns: Columns, name: str, task: Task) -> Written:
    """Read the column `name`, texts as the task writes them, or `name_tokens`."""
    if name in columns:
        return _texts(columns[name], name, task)
    return _tokens(columns[f"{name}_tokens"], task)


def _texts(values: Column, name: str, task: Task) -> Written:
    if name == "question":
        return _each(values, task, lambda text: task.read(text)[0].tokens)
    try:  # all at once is faster, and all can be read as a rule
        return Written(task.read_answers([_plain(value) for value in values]), {})
    except TrmbenchError:
        return _each(values, task, lambda text: task.read_answers([text])[0])


def _tokens(values: Column, task: Task) -> Written:
    length, below = task.info.seq_len, task.info.vocab_size
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.size:
        fits = values.shape[1:] == (length,) and values.min() >= 0 and values.max() < below
        if fits:
            return Written(values.astype(np.uint8), {})

    def read(text: str) -> np.ndarray:
        try:
            listed = json.loads(text) if text.startswith("[") else text.split()
            tokens = np.array(listed, np.float64).reshape(-1)
        except (ValueError, TypeError, RecursionError):
            raise TrmbenchError(f"{shown(text)} is no list of tokens") from None
        if len(tokens) != length or not ((tokens >= 0) & (tokens < below)).all():
            raise TrmbenchError(f"it is no list of {length} tokens below {below}")
        return tokens.astype(np.uint8)

    return _each(values, task, read)


def _each(values: Column, task: Task, read: Callable[[str], np.ndarray]) -> Written:
    tokens = np.zeros((len(values), task.info.seq_len), np.uint8)
    faults: dict[int, str] = {}
    for row, value in enumerate(values):
        try:
            tokens[row] = read(_plain(value))
        except TrmbenchError as error:
            faults[row] = error.message
    return Written(tokens, faults)


def _plain(value: Any) -> str:
    """A cell of a file as text; lists as JSON."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def candidates(columns: Columns, task: Task) -> np.ndarray:
    """Read the candidates (M, K, L) uint8.

    Raises:
        TrmbenchError: predictions have different numbers of them, or one cannot be read.
    """
    name = "candidates" if "candidates" in columns else "candidates_tokens"
    lists = [_listed(value, row) for row, value in enumerate(columns[name])]
    counts = sorted({len(each) for each in lists})
    if len(counts) != 1 or not counts[0]:
        numbers = " or ".join(map(str, counts[:5]))
        raise TrmbenchError(
            f"the predictions have {numbers} candidates", "give all the same number"
        )
    flat: Any = [candidate for each in lists for candidate in each]
    if isinstance(columns[name], np.ndarray):
        flat = np.asarray(flat)
    read = written({name.replace("candidates", "answer"): flat}, "answer", task)
    require_read(read, "candidate")
    return read.tokens.reshape(len(lists), counts[0], -1)


def _listed(value: Any, row: int) -> Column:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list | np.ndarray):
        raise TrmbenchError(f"row {row + 1}: its candidates are no list", "give a JSON list")
    return value


def require_read(read: Written, what: str) -> None:
    """Raise a `TrmbenchError` that names the first value that could not be read."""
    for row, why in read.faults.items():
        raise TrmbenchError(f"{what} {row + 1} cannot be read: {why}", "correct the file")


_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


def flags(values: Iterable[Any], name: str) -> np.ndarray:
    """Read (M,) bool: true or false, 1 or 0; a value that is not there is false.

    Raises:
        TrmbenchError: one is neither.
    """
    found = []
    for row, value in enumerate(values):
        flag = _FLAGS.get("" if value is None else str(value).strip().lower())
        if flag is None:
            raise TrmbenchError(
                f"row {row + 1}: its {name} is {shown(value)}", "give true or false"
            )
        found.append(flag)
    return np.array(found, bool)


def numbers(values: Iterable[Any], name: str, most: float) -> np.ndarray:
    """Read numbers (M,) float64 in 0..most.

    Raises:
        TrmbenchError: one is not.
    """
    found = []
    for row, value in enumerate(values):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number <= most or math.isinf(number):
            wanted = "a number from 0 to 1" if most == 1 else "a finite number, 0 or more"
            raise TrmbenchError(f"row {row + 1}: its {name} is {shown(value)}", f"give {wanted}")
        found.append(number)
    return np.array(found, np.float64)
