"""The depth curve: what the answers are worth after 1, 2, 4, ... supervision steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from trmbench.evaluation.candidates import answered_tokens
from trmbench.evaluation.ranking import auc
from trmbench.evaluation.scoring import score
from trmbench.spec import Predictions, PuzzleTable, Task

_OF_A_POINT = ("exact_accuracy", "valid_accuracy", "cell_accuracy")
_OF_A_PUZZLE = ("score", "exact", "valid", "cell_accuracy", "halt_probability", "answer")


class DepthCurve(NamedTuple):
    """A depth curve in the form in which it is stored."""

    points: list[dict[str, Any]]
    """One per depth, for the column `by_depth` of the trial's row, but for its cost."""
    steps: list[float]
    """Supervision steps that a puzzle got at each, on average; fewer with an early exit."""
    answers: dict[str, list[Any]]
    """Columns of the `depths` rows: the answers that are not the one that counts."""


def depth_curve(
    task: Task, table: PuzzleTable, predictions: Predictions, metric: str
) -> DepthCurve | None:
    """Score the answers at every depth.

    A puzzle is lost at a depth where its answer has no longer the full score that it had at a
    smaller depth of the curve.

    Args:
        task: whose scores count.
        table: the puzzles.
        predictions: their answers.
        metric: the name of the headline figure, which may be one of the totals of `Task.score`.

    Returns:
        None where the model gave the answers of one depth only.
    """
    if predictions.by_depth is None:
        return None
    points: list[dict[str, Any]] = []
    steps: list[float] = []
    parts: list[dict[str, Any]] = []
    solved = np.zeros(len(table), dtype=bool)
    for depth, given in sorted(predictions.by_depth.items()):
        figures, columns = score(task, table, given)
        right = columns["score"] >= 1
        points.append(
            {
                "depth": depth,
                "score": figures["totals"].get(metric, figures["score"]),
                **{name: figures[name] for name in _OF_A_POINT},
                "halting_auc": auc(given.confidence, right),
                "lost": int((solved & ~right).sum()),
            }
        )
        steps.append(float(depth if given.steps is None else given.steps.mean()))
        solved |= right
        differs = (answered_tokens(given) != answered_tokens(predictions)).any(axis=1)
        parts.append(_changed(depth, columns, np.flatnonzero(differs).tolist()))
    names = parts[0]
    answers = {name: [v for part in parts for v in part[name]] for name in names}
    return DepthCurve(points, steps, answers)


def _changed(depth: int, columns: Mapping[str, Any], rows: list[int]) -> dict[str, list[Any]]:
    """The rows of the puzzles whose answer is not the one that counts."""
    kept = {name: [columns[name][row] for row in rows] for name in ("puzzle_id", *_OF_A_PUZZLE)}
    return {"depth": [depth] * len(rows), "row": rows, **kept}
