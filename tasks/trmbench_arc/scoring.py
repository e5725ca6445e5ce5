"""The three rules by which test outputs that are solved make up one figure.

The published figures follow different ones: TRM's evaluator the first, HRM's notebook the second,
the contest (ARC Prize on Kaggle) the third.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from trmbench import TrmbenchError

Scoring = Literal["fractional", "all", "output", "contest"]
SCORINGS: tuple[Scoring, ...] = ("fractional", "all", "output")
"""fractional: mean over tasks of the share of test outputs that are solved; all: share of tasks
with every output solved; output: share of outputs that are solved, whatever their task."""
ATTEMPTS = 2
"""Answers that may be tried per test input, in the contest and in the published figures."""


def checked(scoring: str) -> Scoring:
    """The scoring of a name; "contest" is a former name of "all", which is not the contest's rule.

    Raises:
        TrmbenchError: there is no such scoring.
    """
    for known in SCORINGS:
        if scoring == known or (scoring, known) == ("contest", "all"):
            return known
    raise TrmbenchError(f"unknown scoring {scoring!r}", "fractional, all or output")


def share(tasks: Iterable[Sequence[bool]], scoring: Scoring) -> float:
    """The figure in 0..1 for tasks, each of which says which of its outputs are solved.

    NaN for no tasks.
    """
    solved = list(tasks)
    if scoring == "output":
        credits = [float(output) for task in solved for output in task]
    elif scoring == "all":
        credits = [float(all(task)) for task in solved]
    else:
        credits = [sum(task) / len(task) for task in solved]
    return sum(credits) / len(credits) if credits else float("nan")
