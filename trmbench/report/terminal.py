"""Tables for the terminal. Names come from plugins and files: they are never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import Results
from trmbench.report import tables
from trmbench.report.published import published_table
from trmbench.report.tables import TextTable, footnote
from trmbench.report.words import count, duration, memory

__all__ = [
    "cells_table",
    "comparison_view",
    "count",
    "duration",
    "failures_table",
    "footnote",
    "memory",
    "rich_table",
]

_STYLES = {"better": "green", "worse": "red", "equivalent": "cyan", "refused": "yellow"}


def rich_table(table: TextTable) -> Table:
    """A table for the terminal."""
    drawn = Table(title=Text(table.title), title_justify="left")
    for number, heading in enumerate(table.headings):
        if number < table.left:
            drawn.add_column(heading, overflow="fold")
        else:
            drawn.add_column(heading, justify="right", no_wrap=True)
    for number, row in enumerate(table.rows):
        texts = (Text(text, _STYLES.get(text.split(" ")[0], "")) for text in row)
        drawn.add_row(*texts, style="dim" if number in table.dim else None)
    return drawn


def cells_table(cells: Sequence[CellSummary]) -> Table:
    """One line per cell: what was reached, how sure that is, and what it cost."""
    return rich_table(tables.cells(cells))


def failures_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Which trials did not finish, and why."""
    return rich_table(tables.failures(rows))


def comparison_view(results: Results) -> Iterator[RenderableType]:
    """What `compare` prints, piece by piece."""
    yield cells_table(results.cells)
    yield Text(footnote(results.cells), "dim")
    if results.differences:
        yield rich_table(tables.differences(results.differences))
        for difference in results.differences:
            pair = f"{difference.a.task}: A = {difference.a.name}, B = {difference.b.name}. "
            style = _STYLES.get(difference.verdict, "")
            yield Text.assemble((pair, "bold"), (difference.explanation, style))
        sources = tables.sources(results.differences)
        if sources.rows:
            yield rich_table(sources)
    for table in tables.across(results):
        yield rich_table(table)
    for group in results.groups:
        for line in group.cautions:
            yield Text(f"caution, {group.task} {group.preset}: {line}", "yellow")
    if results.published:
        yield rich_table(published_table(results))
    if results.failed:
        yield failures_table(results.failed)
