"""Tables for the terminal. Names come from plugins and files: they are never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells
from trmbench.errors import printable
from trmbench.report import tables
from trmbench.report.compute import (
    CURVE_NOTE,
    NO_CURVE,
    area_lines,
    area_table,
    curve_table,
    measured_alike,
    measured_table,
)
from trmbench.report.fitted import FittedTable, column
from trmbench.report.noise import noise_lines
from trmbench.report.published import further_run_lines, published_table
from trmbench.report.several import SEVERAL_NOTE, several_table
from trmbench.report.tables import TextTable
from trmbench.report.verdicts import verdicts

_STYLES = {
    "better": "green",
    "worse": "red",
    "equivalent": "cyan",
    "not worse": "cyan",
    "refused": "yellow",
    "hit": "green",
    "miss": "red",
}


def rich_table(table: TextTable) -> FittedTable:
    """Draw a table for the terminal."""
    texts = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.headings)
    columns = [
        column(heading, text, number < table.left)
        for number, (heading, text) in enumerate(zip(table.headings, texts, strict=True))
    ]
    return FittedTable(printable(table.title), columns, table.left, table.dim, _style)


def _style(text: str) -> str:
    """The colour of a verdict."""
    return _STYLES.get(text.split(" ")[0], "")


def cells_table(cells: Sequence[CellSummary]) -> FittedTable:
    """Show one line per cell: its mean, the interval, and its cost."""
    return rich_table(tables.cells(cells))


def failures_table(rows: Iterable[Mapping[str, Any]]) -> FittedTable:
    """Show the trials that did not finish, and the reason."""
    return rich_table(tables.failures(rows))


def _measured(compared: ComparedCells) -> Iterator[RenderableType]:
    """Show what the cells were measured on."""
    table, alike = measured_table(compared), measured_alike(compared)
    if table.rows:
        yield rich_table(table)
    if alike:
        yield Text(alike, "dim")


def _curves(compared: ComparedCells) -> Iterator[RenderableType]:
    """Show accuracy against compute."""
    table = curve_table(compared)
    found = area_table(compared)
    if found.rows:
        yield rich_table(found)
        yield from map(Text, area_lines(compared))
    if table.rows:
        yield rich_table(table)
    yield Text(CURVE_NOTE if table.rows else NO_CURVE, "dim")


def comparison_view(compared: ComparedCells) -> Iterator[RenderableType]:
    """Yield what `compare` prints, piece by piece."""
    yield cells_table(compared.cells)
    yield Text(tables.footnote(compared.cells), "dim")
    yield from map(Text, tables.claims(compared))
    yield from _measured(compared)
    if compared.question.curve:
        yield from _curves(compared)
    if compared.several:
        yield rich_table(several_table(compared))
        yield Text(SEVERAL_NOTE, "dim")
    if compared.differences:
        yield rich_table(tables.differences(compared.differences))
        for found in verdicts(compared.differences):
            style = _STYLES.get(found.verdict, "")
            yield Text.assemble((f"{found.task}: ", "bold"), (found.said, style))
        sources = tables.sources(compared.differences)
        if sources.rows:
            yield rich_table(sources)
            yield from map(Text, noise_lines(compared.cells))
    if compared.outcomes:
        yield rich_table(tables.expectations(compared.outcomes))
    for table in tables.across(compared):
        yield rich_table(table)
    for group in compared.groups:
        for line in group.cautions:
            yield Text(f"caution, {group.tested_on} {group.preset}: {line}", "yellow")
    if compared.published:
        yield rich_table(published_table(compared))
        for line in further_run_lines(compared):
            yield Text(line)
    if compared.failed:
        yield failures_table(compared.failed)
