"""Expectations scored by what was found: hit, miss, or undecided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trmbench.comparison.cells import HEADLINE, CellSummary
from trmbench.comparison.differences import Difference
from trmbench.spec.expectations import Expectation, is_meant
from trmbench.store.expectations import Stored

HIT, MISS, UNDECIDED = "hit", "miss", "undecided"


@dataclass(frozen=True)
class Outcome:
    """What became of an expectation on one task and preset."""

    expectation: Expectation
    stored_at: datetime
    task: str
    preset: str
    outcome: str
    """ "hit", "miss" or "undecided"."""
    interval: tuple[float, float, float] | None
    """The difference A - B with its bounds, as shares; None where nothing was computed."""
    reason: str
    """Why nothing was computed; else ""."""
    begun_before: int
    """How many of the two cells' trials had been begun when the expectation was stored."""
    trials: int
    """How many trials the two cells have."""


def score_expectations(
    stored: Iterable[Stored], cells: Sequence[CellSummary], differences: Sequence[Difference]
) -> tuple[Outcome, ...]:
    """Score each expectation on every task and preset on which both of its cells are tested.

    It is a hit where the 95 % interval of the difference lies inside of what was expected, a miss
    where it lies outside, and undecided otherwise.
    """
    tested = [cell for cell in cells if cell.split == HEADLINE]
    groups = dict.fromkeys((cell.task, cell.preset) for cell in tested)
    return tuple(
        outcome
        for found in stored
        for task, preset in groups
        if found.expectation.task in (None, task)
        for outcome in _scored(
            found, [c for c in tested if (c.task, c.preset) == (task, preset)], differences
        )
    )


def _scored(
    stored: Stored, cells: Sequence[CellSummary], differences: Sequence[Difference]
) -> Iterator[Outcome]:
    expected = stored.expectation
    sides = [[cell for cell in cells if _means(side, cell)] for side in (expected.a, expected.b)]
    if not all(sides):
        return
    rows = [row for side in sides for cell in side for row in cell.trials]
    early = [r for r in rows if r["started_at"] and r["started_at"] <= stored.stored_at]
    interval, reason = _interval(expected, sides, differences)
    task, preset = cells[0].task, cells[0].preset
    outcome = UNDECIDED if interval is None else _outcome(expected, *interval[1:])
    yield Outcome(
        expected, stored.stored_at, task, preset, outcome, interval, reason, len(early), len(rows)
    )


def _means(side: str, cell: CellSummary) -> bool:
    label = cell.rows[0].get("label")
    return side == cell.name or is_meant(side, label, cell.model, cell.config)


def _interval(
    expected: Expectation,
    sides: Sequence[Sequence[CellSummary]],
    differences: Sequence[Difference],
) -> tuple[tuple[float, float, float] | None, str]:
    """The difference with its bounds, or the reason why there is none."""
    for side, found in zip((expected.a, expected.b), sides, strict=True):
        if len(found) > 1:
            return None, f"{side} may be any of {', '.join(cell.name for cell in found)}"
    [a], [b] = sides
    for difference in differences:
        if {difference.a, difference.b} == {a, b}:
            if difference.obstacles or difference.comparison is None:
                return None, "; ".join(difference.obstacles) or "there are no scores to compare"
            if difference.comparison.evidence.refusal:
                return None, difference.comparison.evidence.refusal
            estimate = difference.comparison.estimate
            values = (estimate.difference, estimate.low, estimate.high)
            turned = (-estimate.difference, -estimate.high, -estimate.low)
            return (values if difference.a is a else turned), ""
    return None, "the two are not compared with each other here"


def _outcome(expected: Expectation, low: float, high: float) -> str:
    if expected.low < low and high < expected.high:
        return HIT
    return MISS if high < expected.low or low > expected.high else UNDECIDED
