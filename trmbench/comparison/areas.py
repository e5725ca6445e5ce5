"""A depth curve in one figure: accuracy averaged over the logarithm of the FLOPs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trmbench.comparison.depth_curves import DepthCurve
from trmbench.comparison.differences import Difference
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
        """The moments of the trials' areas, the puzzles being these.

        Equal areas are a coincidence where the answers that count differ from seed to seed.
        """
        return _moments(self, self.values)

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


def compare_areas(
    groups: Sequence[Sequence[Area]], differences: Sequence[Difference], question: Question
) -> list[tuple[Difference, Comparison | None]]:
    """Compare the areas of cells that are compared with each other, on these test sets.

    What keeps two cells from being compared keeps their areas, but for depths and costs that cannot
    be matched. Each split is a family of its own.

    Returns:
        The pairs of cells, with None where there is an obstacle without `force`.
    """
    area_of = {id(area.curve.cell): area for found in groups for area in found}
    pairs = [d for d in differences if id(d.a) in area_of and id(d.b) in area_of]
    found: dict[int, Comparison] = {}
    for split in dict.fromkeys(pair.a.split for pair in pairs):
        family = [
            pair
            for pair in pairs
            if pair.a.split == split and (question.force or not obstacles_of(pair))
        ]
        compared = compare_all(
            [_pair(area_of[id(d.a)], area_of[id(d.b)], question.paired) for d in family],
            population=THIS_TEST_SET,
            names=[(d.a.name, d.b.name) for d in family],
            ignore_failed=question.ignore_failed,
            looks=question.looks,
        )
        found.update(zip(map(id, family), compared, strict=True))
    return [(pair, found.get(id(pair))) for pair in pairs]


def obstacles_of(pair: Difference) -> list[str]:
    """Why the areas of two cells are not comparable."""
    return [why for why in pair.obstacles if why != pair.match.obstacle]


def _pair(a: Area, b: Area, how: Pairing) -> tuple[CellMoments, CellMoments] | PairedMoments:
    """The areas of two cells, those of trials that share weights as pairs."""
    together = partners(a.curve.cell, b.curve.cell, how)
    if not together:
        return a.moments, b.moments
    places = [
        [side.curve.cell.trials.index(row) for row in rows]
        for side, rows in zip((a, b), zip(*together, strict=True), strict=True)
    ]
    left, right = _moments(a, a.values[places[0]]), _moments(b, b.values[places[1]])
    residual = left.residual_variance + right.residual_variance
    return PairedMoments(left, right, left.seed_means - right.seed_means, residual)


def _moments(area: Area, values: np.ndarray) -> CellMoments:
    cell = area.curve.cell
    means = np.full(cell.puzzles, values.mean())
    return CellMoments(values, means, cell.moments.residual_variance, len(cell.failed))


def _has_costs(curve: DepthCurve) -> bool:
    return bool(np.isfinite(curve.flops).all() and (np.diff(curve.flops) > 0).all())
