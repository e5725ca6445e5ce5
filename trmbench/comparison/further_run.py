"""Would a published number surprise as one further run of our training?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.reported import differences_from
from trmbench.published import Figure, published_figures
from trmbench.spec.metrics import VALID
from trmbench.stats import Prediction
from trmbench.stats.prediction import predict_from

_NAMES = {"direct": "direct prediction"}
"""The names that papers have for models of ours, where they differ."""


class FurtherRun(NamedTuple):
    """A cell, where one more of its runs would lie, and the published numbers that may be one."""

    cell: CellSummary
    prediction: Prediction
    figures: tuple[tuple[Figure, float], ...]
    """Figures of the same model, measured in the same way as far as is known; each with how seldom
    a further run would lie as far away."""


def further_runs(cells: Sequence[CellSummary]) -> Iterator[FurtherRun]:
    """Predict a further run of each cell that has published numbers to hold against it.

    A figure that is the mean of several seeds is held against the mean of as many further runs.
    """
    for cell in cells:
        prediction = predict_from(_figures_of(cell))
        alike = [figure for figure in published_figures() if _is_of(figure, cell)]
        found = [(figure, _p_value(figure, prediction)) for figure in alike]
        known = tuple((figure, p) for figure, p in found if not math.isnan(p))
        if known:
            yield FurtherRun(cell, prediction, known)


def _p_value(figure: Figure, prediction: Prediction) -> float:
    return prediction.p_value(figure.percent / 100, figure.seeds or 1)


def _is_of(figure: Figure, cell: CellSummary) -> bool:
    """Whether a figure is of the cell's model and task, and measured alike as far as is known."""
    changed = any(key.startswith("model.") for key in cell.overrides)
    own = figure.task == cell.task and figure.model.lower() in _named(cell) and not changed
    return own and not differences_from(figure, cell)


def _named(cell: CellSummary) -> set[str]:
    """The names of a cell's model in papers, in small letters."""
    name = _NAMES.get(cell.model, cell.model)
    mixing = cell.config.get("model", {}).get("mixing")
    if mixing == "mlp":
        return {f"{name}-mlp"}
    return {name, f"{name}-att"} if mixing == "attention" else {name}


def _figures_of(cell: CellSummary) -> np.ndarray:
    """(K,) what each trial scored as papers count it: by the label alone."""
    if cell.metric == VALID:
        return np.array([row["exact_accuracy"] for row in cell.trials], dtype=np.float64)
    return cell.moments.seed_means
