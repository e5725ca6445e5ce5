"""The verdicts of a comparison, a sentence each; pairs refused for one reason share theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import Difference
from trmbench.comparison.differences import REFUSED
from trmbench.report.words import listed


class Verdict(NamedTuple):
    """What is said of one pair of cells, or of several that are refused for one reason."""

    task: str
    preset: str
    verdict: str
    said: str
    """A sentence or two, with the names of the cells."""
    forced: bool
    cells: tuple[str, ...]
    """The names of the cells that it is about."""


def verdicts(found: Sequence[Difference]) -> list[Verdict]:
    """List the verdicts in the order of the differences."""
    alike: dict[tuple[str, str, str, str], list[Difference]] = {}
    for difference in found:
        one = difference.said if difference.verdict != REFUSED else difference.explanation
        alike.setdefault(
            (difference.a.tested_on, difference.a.preset, difference.verdict, one), []
        ).append(difference)
    return [
        Verdict(task, preset, verdict, _said(pairs), pairs[0].forced, _names(pairs))
        for (task, preset, verdict, _), pairs in alike.items()
    ]


def _said(pairs: Sequence[Difference]) -> str:
    """Say the reason once, of all its pairs."""
    first = pairs[0]
    if len(pairs) == 1:
        return first.said
    for cell in (first.a, first.b):
        if all(cell in (pair.a, pair.b) for pair in pairs):
            others = [_other(pair, cell).name for pair in pairs]
            return f"{cell.name} against {listed(others)}: {first.explanation}"
    named = (f"{pair.a.name} and {pair.b.name}" for pair in pairs)
    return f"{'; '.join(named)}: {first.explanation}"


def _other(pair: Difference, cell: CellSummary) -> CellSummary:
    return pair.b if pair.a is cell else pair.a


def _names(pairs: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell.name for pair in pairs for cell in (pair.a, pair.b)))
