"""The first lines of a report: which model wins on which task, by how much, at what cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Difference, Group
from trmbench.comparison.differences import REFUSED
from trmbench.report.words import (
    bounds,
    count,
    counted,
    duration,
    interval_text,
    listed,
    number,
    percent,
)

OPPOSITE = {"better": "worse", "worse": "better"}
AGAINST = {
    "better": "better than",
    "worse": "worse than",
    "equivalent": "equivalent to",
    "not worse": "not worse than",
    "undecided": "undecided against",
    "refused": "no verdict against",
}
LEVEL = ("undecided", "equivalent")
"""The verdicts that leave another model next to the one with the highest mean."""


class Headline(NamedTuple):
    """What a reader learns first of one task and preset."""

    place: str
    """Task and preset."""
    leader: str
    """The model with the highest mean, and those that the comparison does not tell from it."""
    said: str
    """The leaders' figures and costs, and how far ahead of the others the first one is."""


def title(compared: ComparedCells) -> str:
    """Name the models and the tasks."""
    models = list(dict.fromkeys(cell.model for cell in compared.cells))
    tasks = list(dict.fromkeys(group.task for group in compared.groups))
    return f"{listed(models)} on {listed(tasks)}"


def headlines(compared: ComparedCells) -> list[Headline]:
    """Make a headline per task and preset."""
    return [_headline(group) for group in compared.groups if any(c.trials for c in group.cells)]


def _headline(group: Group) -> Headline:
    first, *others = sorted(
        (cell for cell in group.cells if cell.trials), key=lambda cell: -cell.interval.mean
    )
    by_verdict = _against(first, others, group.differences)
    level = [cell for verdict in LEVEL for cell, _ in by_verdict.get(verdict, ())]
    leaders = [first, *level]
    figures = listed([percent(cell.interval.mean) for cell in leaders])
    parts = [
        f"{figures} {first.metric.replace('_', ' ')} ({_bounds(leaders)})",
        *(
            f"{AGAINST.get(verdict, f'{verdict} against')} {listed([gap for _, gap in found])}"
            for verdict, found in by_verdict.items()
        ),
        f"{_each(leaders, 'train_seconds', duration)} of training,"
        f" {_each(leaders, 'parameters', count)} parameters",
    ]
    if level:
        parts[1:] = [f"{first.name} is {parts[1]}", *parts[2:]]
    place = f"{group.tested_on}, {group.preset}"
    return Headline(place, listed([cell.name for cell in leaders]), "; ".join(parts))


def _bounds(leaders: Sequence[CellSummary]) -> str:
    intervals = listed([interval_text(cell.interval) for cell in leaders])
    seeds = listed(list(dict.fromkeys(counted(c.interval.seeds, "seed") for c in leaders)))
    return f"95 % interval {intervals}; {seeds}"


def _each(cells: Sequence[CellSummary], column: str, words: Callable[[float], str]) -> str:
    """Write a figure of each cell, once where all have it."""
    return listed(list(dict.fromkeys(words(cell.mean(column)) for cell in cells)))


def _against(
    first: CellSummary, others: Sequence[CellSummary], differences: Sequence[Difference]
) -> dict[str, list[tuple[CellSummary, str]]]:
    """Return, for each verdict on the first cell, the others that it concerns and the gap."""
    found: dict[str, list[tuple[CellSummary, str]]] = {}
    for other in others:
        for difference in differences:
            if {difference.a, difference.b} == {first, other}:
                turned = difference.a is other
                verdict = difference.verdict
                verdict = OPPOSITE.get(verdict, verdict) if turned else verdict
                found.setdefault(verdict, []).append((other, _gap(difference, other, turned)))
    return found


def _gap(difference: Difference, other: CellSummary, turned: bool) -> str:
    if difference.comparison is None or difference.verdict == REFUSED:
        return f"{other.name} ({percent(other.interval.mean)})"
    found, sign = difference.comparison.estimate, -1 if turned else 1
    low, high = sorted((sign * found.low, sign * found.high))
    return f"{other.name} (by {number(sign * found.difference)} points, {bounds(low, high)})"
