"""The first lines of a report: which model wins on which task, by how much, at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Difference, Group
from trmbench.report.words import bounds, count, duration, interval_text, number, percent

BEATEN = "better"
OPPOSITE = {"better": "worse", "worse": "better"}


class Headline(NamedTuple):
    """What a reader learns first of one task and preset."""

    place: str
    """Task and preset."""
    leader: str
    """The model with the highest mean, or all models where none is ahead."""
    said: str
    """The leader's figure, and how sure its lead is."""


def title(compared: ComparedCells) -> str:
    """Name the models and the tasks."""
    models = list(dict.fromkeys(cell.model for cell in compared.cells))
    tasks = list(dict.fromkeys(group.task for group in compared.groups))
    return f"{_listed(models)} on {_listed(tasks)}"


def headlines(compared: ComparedCells) -> list[Headline]:
    """Make a headline per task and preset."""
    return [_headline(group) for group in compared.groups if any(c.trials for c in group.cells)]


def _headline(group: Group) -> Headline:
    cells = sorted((c for c in group.cells if c.trials), key=lambda cell: -cell.interval.mean)
    first = cells[0]
    parts = [
        f"{percent(first.interval.mean)} {first.metric.replace('_', ' ')}"
        f" (95 % interval {interval_text(first.interval)}, {_seeds(first)})",
        *_leads(first, cells[1:], group.differences),
        f"{duration(first.mean('train_seconds'))} of training,"
        f" {count(first.mean('parameters'))} parameters",
    ]
    return Headline(f"{group.tested_on}, {group.preset}", first.name, "; ".join(parts))


def _leads(
    first: CellSummary, others: Sequence[CellSummary], differences: Sequence[Difference]
) -> Iterator[str]:
    """Say of each verdict whom it concerns."""
    by_verdict: dict[str, list[str]] = {}
    for other in others:
        for difference in differences:
            if {difference.a, difference.b} == {first, other}:
                turned = difference.a is other
                verdict = difference.verdict
                verdict = OPPOSITE.get(verdict, verdict) if turned else verdict
                by_verdict.setdefault(verdict, []).append(_gap(difference, other, turned))
    words = {"better": "better than", "worse": "worse than", "equivalent": "equivalent to"}
    for verdict, named in by_verdict.items():
        yield f"{words.get(verdict, f'{verdict} against')} {_listed(named)}"


def _gap(difference: Difference, other: CellSummary, turned: bool) -> str:
    if difference.comparison is None:
        return other.name
    found, sign = difference.comparison.estimate, -1 if turned else 1
    low, high = sorted((sign * found.low, sign * found.high))
    return f"{other.name} (by {number(sign * found.difference)} points, {bounds(low, high)})"


def _seeds(cell: CellSummary) -> str:
    seeds = cell.interval.seeds
    return "one seed" if seeds == 1 else f"{seeds} seeds"


def _listed(names: Sequence[str]) -> str:
    """Join names as people do."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
