"""Accuracy against compute: a cell's depth curve over its seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.points import EXACT, tested_depth
from trmbench.comparison.scores import metric_of

_OF_POINTS = ("exact_accuracy", "valid_accuracy", "cell_accuracy")


@dataclass(frozen=True, eq=False)
class DepthCurve:
    """How good a cell's answers are after some numbers of supervision steps."""

    cell: CellSummary
    depths: np.ndarray
    """(D,) int64 supervision steps, ascending."""
    flops: np.ndarray
    """(D,) float64 operations of an answer to one puzzle; NaN where they were not counted."""
    values: np.ndarray
    """(K, D) float64 accuracy of each trial, in 0..1."""
    lost: np.ndarray
    """(D,) float64 puzzles solved at a smaller depth that no longer are; NaN if unknown."""
    halting_auc: np.ndarray
    """(D,) float64; NaN if unknown."""
    tested: int | None
    """The depth of the answer that counts."""

    @property
    def mean(self) -> np.ndarray:
        """(D,) mean over the trials."""
        means: np.ndarray = self.values.mean(axis=0)
        return means

    @cached_property
    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """(D,) each: bounds of the mean over seeds, 95 % at all depths together; NaN for one seed.

        They are about this test set. Where all seeds agree there is no spread to go by, and the
        exact binomial bounds of one of them count, for as many depths.
        """
        from trmbench.stats import bands, clopper_pearson  # load scipy: only where asked for

        found = bands(self.values)
        low, high = found.low.copy(), found.high.copy()
        if len(self.values) > 1:
            confidence = 1 - 0.05 / len(self.depths)
            for place in np.flatnonzero(np.ptp(self.values, axis=0) == 0):
                solved = self.mean[place] * self.cell.puzzles
                low[place], high[place] = clopper_pearson(solved, self.cell.puzzles, confidence)
        return low, high

    @property
    def oracle(self) -> int:
        """The place of the best depth, which only someone who knows the test answers can choose."""
        return int(self.mean.argmax())


def depth_curve(cell: CellSummary) -> DepthCurve | None:
    """Read the depth curve of a cell from its trials' rows; None where they have none.

    The depths are the ones that all trials have. Rows of before there were curves tell the
    exactness after each step.
    """
    every = [_points(row, cell.metric) for row in cell.trials]
    shared = set.intersection(*map(set, every)) if every else set()
    if len(shared) < 2:
        return None
    depths = sorted(shared)

    def mean(name: str) -> np.ndarray:
        figures = [[points[depth].get(name) for depth in depths] for points in every]
        whole = np.array(figures, dtype=np.float64)
        known = np.isfinite(whole)
        total = np.where(known, whole, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(1, known.sum(axis=0)), np.nan)

    return DepthCurve(
        cell,
        np.array(depths),
        mean("flops"),
        np.array([[points[depth]["value"] for depth in depths] for points in every]),
        mean("lost"),
        mean("halting_auc"),
        tested_depth(cell.trials[0]),
    )


def _points(row: Mapping[str, Any], metric: str) -> dict[int, dict[str, Any]]:
    """By depth what a row tells, its accuracy as `value`."""
    column = metric if metric in _OF_POINTS else "score"
    if column == "score" and metric != metric_of(row):
        return {}  # nobody knows it at other depths
    found = {point["depth"]: {**point, "value": point[column]} for point in row["by_depth"] or ()}
    if not found and metric == EXACT:
        each = row["flops_per_step"]
        for depth, share in enumerate(row["exact_accuracy_by_step"] or (), 1):
            found[depth] = {"value": share, "flops": each and each * depth}
    return {depth: point for depth, point in found.items() if point["value"] is not None}
