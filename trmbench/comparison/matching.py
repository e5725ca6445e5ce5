"""Two cells at equal depth or cost: the depths at which they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.points import EXACT, Cost, costs, evaluation_of

By = Literal["depth", "flops", "seconds", "none"]
UNITS = {"depth": "supervision steps", "flops": "FLOPs per puzzle", "seconds": "s per puzzle"}
_ROUNDING = 1 + 1e-9
_NOT_A_BUDGET = ("steps", "depth")
"""Settings of `evaluation` in which two tests of the same weights may differ to be one curve."""


class Point(NamedTuple):
    """A cell as it was tested at one depth."""

    cell: CellSummary
    depth: int | None
    """Supervision steps after which the answers count; None = those of the test."""
    cost: Cost

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two points apart, whichever evaluation of the cell they are from."""
        same = self.cell.evaluation_id if self.cost.depth is None else self.cost.depth
        return (self.cell.cell_id, _setting(self.cell), same)


class Match(NamedTuple):
    """Two points to be compared with each other."""

    a: Point
    b: Point
    line: str | None = None
    """What was matched, where anything was."""
    obstacle: str | None = None
    """Why nothing could be."""

    @property
    def is_moved(self) -> bool:
        """Whether a cell is compared at another depth than that of its test."""
        return self.line is not None


class Matching:
    """Matches the cells of one task and preset.

    Args:
        cells: the cells; other tests of the same weights lend a cell their depths.
        by: what is to be equal.
    """

    def __init__(self, cells: Sequence[CellSummary], by: By) -> None:
        self._by = by
        self._own = {id(cell): _as_tested(cell) for cell in cells}
        self._alike: dict[tuple[str, str], list[CellSummary]] = {}
        for cell in cells:
            self._alike.setdefault((cell.cell_id, _setting(cell)), []).append(cell)

    def match(self, a: CellSummary, b: CellSummary) -> Match:
        """Choose each cell's greatest depth within the smaller of their budgets.

        A budget is what the answer that counts took. Two tests of the same weights stay as they
        are: their depths are the question.
        """
        own = Match(self._own[id(a)], self._own[id(b)])
        if self._by == "none" or a.cell_id == b.cell_id or not (a.trials and b.trials):
            return own
        budgets = [self._budget(own.a), self._budget(own.b)]
        known = [budget for budget in budgets if budget is not None]
        if len(known) < 2:  # a one-shot model has no depth to match
            return own if self._by == "depth" else own._replace(obstacle=self._unknown(own))
        budget = min(known)
        if max(known) <= budget * _ROUNDING:
            return own
        left, right = (self._within(cell, budget) for cell in (a, b))
        if left is None or right is None:
            return own._replace(obstacle=self._too_dear(own, budget))
        each = f"{self._described(left)} and {self._described(right)}"
        return Match(left, right, f"matched at {self._number(budget)}: {each}")

    def _budget(self, point: Point) -> float | None:
        cost: float | None = getattr(point.cost, self._by)
        return cost

    def _points(self, cell: CellSummary) -> list[Point]:
        """All points of a cell's weights, its own after the ones of other tests."""
        alike = self._alike[(cell.cell_id, _setting(cell))]
        others = [other for other in alike if other is not cell]
        return [point for each in (*others, cell) for point in points(each)]

    def _within(self, cell: CellSummary, budget: float) -> Point | None:
        """The cell's greatest depth within a budget; of equal ones the test rather than a curve."""
        affordable = [
            point
            for point in self._points(cell)
            if (cost := self._budget(point)) is not None and cost <= budget * _ROUNDING
        ]
        order = {id(point): place for place, point in enumerate(affordable)}
        return max(
            affordable,
            key=lambda point: (point.cost.depth or 0, point.depth is None, order[id(point)]),
            default=None,
        )

    def _described(self, point: Point) -> str:
        steps = "its only step" if point.cost.depth is None else f"depth {point.cost.depth}"
        cost = self._budget(point)
        taken = "" if self._by == "depth" or cost is None else f" ({self._number(cost)})"
        return f"{point.cell.name} at {steps}{taken}"

    def _number(self, cost: float) -> str:
        return f"{cost:.3g} {UNITS[self._by]}"

    def _unknown(self, own: Match) -> str:
        names = [point.cell.name for point in (own.a, own.b) if self._budget(point) is None]
        return (
            f"the {UNITS[self._by]} of {' and '.join(names)} are not known"
            " (`trmbench evaluate` counts them)"
        )

    def _too_dear(self, own: Match, budget: float) -> str:
        cheap, dear = sorted((own.a, own.b), key=lambda point: self._budget(point) or 0)
        tested = [self._budget(point) for point in self._points(dear.cell)]
        least = min(cost for cost in tested if cost is not None)
        return (
            f"nothing to match: {cheap.cell.name} has {self._number(budget)}, and {dear.cell.name}"
            f" was tested with {self._number(least)} at the least"
        )


def points(cell: CellSummary) -> Iterator[Point]:
    """Yield the points that all trials of a cell have, the cost of each averaged."""
    if not cell.trials:
        return
    every = [costs(row, by_step=cell.metric == EXACT) for row in cell.trials]
    for depth in every[0]:
        if all(depth in of_trial for of_trial in every):
            same = [of_trial[depth] for of_trial in every]
            _, flops, seconds = (_mean(of_each) for of_each in zip(*same, strict=True))
            yield Point(cell, depth, Cost(same[0].depth, flops, seconds))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _as_tested(cell: CellSummary) -> Point:
    tested = [point for point in points(cell) if point.depth is None]
    return tested[0] if tested else Point(cell, None, Cost(None, None, None))


def _setting(cell: CellSummary) -> str:
    """The way in which a cell was tested, but for its depth."""
    told = evaluation_of(cell.rows[0]) if cell.rows else {}
    return repr(sorted((k, v) for k, v in told.items() if k not in _NOT_A_BUDGET))
