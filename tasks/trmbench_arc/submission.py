"""The contest's submission file: `{task: [{"attempt_1": grid, "attempt_2": grid}, ...]}`.

One list entry per test input, in the order of the task's test inputs (the layout of the ARC Prize
on Kaggle).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trmbench import TrmbenchError, write_output
from trmbench_arc.grids import check_grid

Submission = dict[str, list[dict[str, list[list[int]]]]]
NO_ANSWER = [[0]]
"""What the file says where a model gave no grid: the layout has no word for none."""


def make_submission(
    answers: Mapping[str, Sequence[Sequence[np.ndarray]]], attempts: int = 2
) -> Submission:
    """The submission of each test input's best grids, as the reference's evaluator writes it.

    Args:
        answers: per task and test input, grids (h, w), best first; the first is repeated where
            there are fewer than `attempts`, and an empty one stays an empty list.
        attempts: grids per test input.
    """
    return {
        task: [_attempts([grid.tolist() for grid in grids], attempts) for grids in inputs]
        for task, inputs in answers.items()
    }


def _attempts(grids: list[list[list[int]]], attempts: int) -> dict[str, list[list[int]]]:
    best: list[list[int]] = grids[0] if grids else []
    padded = (grids + [best] * attempts)[:attempts]
    return {f"attempt_{number}": grid for number, grid in enumerate(padded, start=1)}


def validate_submission(submission: Any, test_inputs: Mapping[str, int], attempts: int = 2) -> None:
    """Check a submission against the contest's layout.

    Args:
        submission: the parsed JSON.
        test_inputs: per tested task its number of test inputs.
        attempts: grids per test input.

    Raises:
        TrmbenchError: naming the task, test input and attempt of the first fault.
    """
    hint = '{task: [{"attempt_1": grid, "attempt_2": grid} per test input]}'
    if not isinstance(submission, Mapping):
        raise TrmbenchError("the submission is not a JSON object", hint)
    for task in [*test_inputs, *submission]:
        if task not in submission or task not in test_inputs:
            fault = "is missing from" if task in test_inputs else "is unknown, but in"
            raise TrmbenchError(f"task {task} {fault} the submission", hint)
    names = [f"attempt_{number}" for number in range(1, attempts + 1)]
    for task, entries in submission.items():
        if not isinstance(entries, list) or len(entries) != test_inputs[task]:
            raise TrmbenchError(f"task {task} needs {test_inputs[task]} answers", hint)
        for number, entry in enumerate(entries):
            if not isinstance(entry, Mapping) or sorted(entry) != sorted(names):
                raise TrmbenchError(f"task {task}, test input {number}: not {names}", hint)
            for name in names:
                check_grid(entry[name], f"task {task}, test input {number}, {name}")


def write_submission(
    submission: Submission, test_inputs: Mapping[str, int], path: str | Path
) -> None:
    """Validate a submission and write it; an empty answer becomes a single black cell.

    Raises:
        TrmbenchError: a fault in the layout, or a place that cannot be written to.
    """
    filled = {
        task: [{name: grid or NO_ANSWER for name, grid in entry.items()} for entry in entries]
        for task, entries in submission.items()
    }
    attempts = max((len(entry) for entries in filled.values() for entry in entries), default=2)
    validate_submission(filled, test_inputs, attempts)
    write_output(Path(path), lambda file: file.write_text(json.dumps(filled), encoding="utf-8"))
