"""A depth curve in one figure: accuracy averaged over the logarithm of the FLOPs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trmbench.comparison.depth_curves import DepthCurve
from trmbench.comparison.pairing import Pairing, partners
from trmbench.comparison.question import Question
from trmbench.stats import (
    CellMoments,
    Comparison,
    Interval,
    PairedMoments,
    area_under_curve,
    compare_all,
    interval,
)
from trmbench.stats.intervals import THIS_TEST_SET


@dataclass(frozen=True, eq=False)
class Area:
    """The area under a cell's curve, within the costs that all curves of its group have."""

    curve: DepthCurve
    low: float
    """FLOPs of an answer from which on the curve counts."""
    high: float
    values: np.ndarray
    """(K,) the area under each trial's curve, in 0..1."""

    @cached_property
    def moments(self) -> CellMoments:
        """The moments of the trials' areas, the puzzles being these."""
        mean = self.values.mean()
        return CellMoments(self.values, np.full(max(2, self.curve.cell.puzzles), mean), 0.0)

    @property
    def interval(self) -> Interval:
        """The mean area with its interval over seeds, on this test set."""
        return interval(self.moments)


def areas(curves: Sequence[DepthCurve]) -> list[Area]:
    """Return the area under each curve of one task, preset and split whose FLOPs are known.

    All count within the range of costs that they share; there is none where they share none.
    """
    known = [curve for curve in curves if _has_costs(curve)]
    if not known:
        return []
    low = max(float(curve.flops[0]) for curve in known)
    high = min(float(curve.flops[-1]) for curve in known)
    if not low < high:
        return []
    return [
        Area(curve, low, high, area_under_curve(curve.values, curve.flops, low, high))
        for curve in known
    ]


def compare_areas(groups: Sequence[Sequence[Area]], question: Question) -> list[Comparison]:
    """Compare all pairs of areas of each group, as one family, on these test sets."""
    pairs = [pair for found in groups for pair in itertools.combinations(found, 2)]
    return compare_all(
        [_pair(a, b, question.paired) for a, b in pairs],
        population=THIS_TEST_SET,
        names=[(a.curve.cell.name, b.curve.cell.name) for a, b in pairs],
        ignore_failed=question.ignore_failed,
    )


def _pair(a: Area, b: Area, how: Pairing) -> tuple[CellMoments, CellMoments] | PairedMoments:
    """The areas of two cells, those of trials that share weights as pairs."""
    together = partners(a.curve.cell, b.curve.cell, how)
    if not together:
        return a.moments, b.moments
    places = [
        [side.curve.cell.trials.index(row) for row in rows]
        for side, rows in zip((a, b), zip(*together, strict=True), strict=True)
    ]
    left, right = a.values[places[0]], b.values[places[1]]
    first, second = (CellMoments(each, np.full(2, each.mean()), 0.0) for each in (left, right))
    return PairedMoments(first, second, left - right, 0.0)


def _has_costs(curve: DepthCurve) -> bool:
    return bool(np.isfinite(curve.flops).all() and (np.diff(curve.flops) > 0).all())
