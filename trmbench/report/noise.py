"""The noise floor: how many puzzles flip with what should change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from trmbench.comparison.cells import CellSummary
from trmbench.report.tables import TextTable
from trmbench.report.words import percent


class Tested(Protocol):
    """What a variant of a test gave."""

    @property
    def name(self) -> str:
        """The variant."""

    @property
    def score(self) -> float:
        """In 0..1; NaN where it was not tested."""

    @property
    def flipped(self) -> float:
        """Share of puzzles whose score changed."""

    @property
    def problem(self) -> str | None:
        """Why it was not tested."""


def variants_table(label: str, found: Iterable[Tested]) -> TextTable:
    """Make one line per variant of a trial's test."""
    rows = tuple(
        (each.name, percent(each.score), percent(each.flipped), each.problem or "")
        for each in found
    )
    title = f"{label}: what flips with what should change nothing"
    return TextTable(title, ("variant", "score", "puzzles that flip", "not tested"), rows, 1)


def noise_lines(cells: Sequence[CellSummary]) -> list[str]:
    """Say of the cells whose noise floor is known how many puzzles flip at most."""
    return [line for cell in cells if (line := _noise_line(cell)) is not None]


def _noise_line(cell: CellSummary) -> str | None:
    """The variant that flips most, averaged over the trials that were tested with it."""
    flips: dict[str, list[float]] = {}
    for row in cell.trials:
        for name, told in json.loads(row["variants"] or "{}").items():
            flips.setdefault(name, []).append(told["flipped"])
    if not flips:
        return None
    shares = {name: sum(each) / len(each) for name, each in flips.items()}
    most = max(shares, key=lambda name: shares[name])
    floor = f"{percent(shares[most])}, {shares[most] * cell.puzzles:,.0f} puzzles ({most})"
    return (
        f"{cell.tested_on}, {cell.name}: noise floor {floor};"
        " so many flip with what should change nothing"
    )
