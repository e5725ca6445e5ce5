"""Learning curves of a cell's trials on a common axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trmbench.comparison.cells import CellSummary
from trmbench.store import Store

MEASURES = ("loss", "exact_accuracy")
POINTS = 200


@dataclass(frozen=True, eq=False)
class Curve:
    """One measure over training."""

    steps: np.ndarray
    """(X,) training steps, at most `POINTS`."""
    values: np.ndarray
    """(K, X), a row per trial."""


def learning_curves(store: Store, cell: CellSummary) -> dict[str, Curve]:
    """Read the curves by column; one not measured, or with fewer than two points, is absent."""
    table = store.read(
        "curves", ["trial_id", "step", *MEASURES], [row["trial_id"] for row in cell.trials]
    )
    trials = np.array(table["trial_id"].to_pylist(), dtype=str)
    steps = np.array(table["step"].to_pylist(), dtype=np.float64)
    found = {}
    for column in MEASURES:
        values = np.array(table[column].to_pylist(), dtype=np.float64)
        measured = np.isfinite(values) & np.isfinite(steps)
        runs = [
            (steps[rows], values[rows])
            for name in dict.fromkeys(trials.tolist())
            if (rows := (trials == name) & measured).sum() > 1
        ]
        if runs:
            found[column] = _common(runs)
    return found


def _common(runs: list[tuple[np.ndarray, np.ndarray]]) -> Curve:
    """Interpolate on the steps that all runs reached; the steps of each run are sorted first."""
    first = max(steps.min() for steps, _ in runs)
    last = min(steps.max() for steps, _ in runs)
    points = min(POINTS, max(len(steps) for steps, _ in runs))
    axis = np.linspace(first, last, points)
    rows = []
    for steps, values in runs:
        order = np.argsort(steps, kind="stable")
        rows.append(np.interp(axis, steps[order], values[order]))
    return Curve(axis, np.stack(rows))
