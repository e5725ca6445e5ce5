"""Published figures: next to a study's rows, and as a table of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells
from trmbench.comparison.reported import Reported, circumstances
from trmbench.published import published_figures
from trmbench.published.columns import COLUMNS, texts
from trmbench.report import tables
from trmbench.report.tables import TextTable
from trmbench.report.words import UNKNOWN, count, percent


def next_to_published(
    cells: Sequence[CellSummary], source: str, rows: Mapping[str, str]
) -> tuple[TextTable, str]:
    """The table of the cells, one column wider, and a line that says what the column is.

    Args:
        cells: the cells, in the order of the published table.
        source: the published table.
        rows: by cell_id, the cell's row there.
    """
    figures = [figure for figure in published_figures() if figure.source == source]
    percents = {(figure.task, figure.model): figure.percent for figure in figures}
    column = [percents.get((cell.task, rows.get(cell.cell_id, ""))) for cell in cells]
    table = tables.cells(cells)
    wider = dataclasses.replace(
        table,
        headings=(*table.headings, "published"),
        rows=tuple(
            (*row, UNKNOWN if percent is None else f"{percent:g} %")
            for row, percent in zip(table.rows, column, strict=True)
        ),
    )
    asked = {cell.task for cell in cells}
    benchmarks = sorted({figure.benchmark for figure in figures if figure.task in asked})
    note = (
        f"Published: {source}, on {' and '.join(benchmarks)}; no spread given, never tested"
        " against. Only preset paper has those puzzles and that training."
    )
    return wider, note


def published_table(compared: ComparedCells) -> TextTable:
    """Set our cells and what is reported for their tasks, and name what was measured otherwise."""
    rows: list[tuple[str, ...]] = []
    dim: set[int] = set()
    for task in dict.fromkeys(found.figure.task for found in compared.published):
        rows += [_own_row(cell) for cell in compared.cells if cell.task == task]
        for found in compared.published:
            if found.figure.task != task:
                continue
            if found.differs:
                dim.add(len(rows))
            rows.append((task, *texts(found.figure), _difference(found)))
    headings = ("task", *COLUMNS, "differs in")
    title = "Published figures: shown, never tested against; grey where measured otherwise"
    return TextTable(title, headings, tuple(rows), len(headings), frozenset(dim))


def _own_row(cell: CellSummary) -> tuple[str, ...]:
    """Write a cell of ours in the columns of the published figures."""
    own = circumstances(cell)
    measured = (own.trained_on, f"{own.tested_on} {own.test_set}", *own[3:])
    known = (text or UNKNOWN for text in measured)
    seeds = f", {len(cell.trials)} seeds" if len(cell.trials) > 1 else ""
    exact = cell.metric == "valid_accuracy"  # what is published counts the label alone
    mean = cell.mean("exact_accuracy") if exact else cell.interval.mean
    accuracy = f"{percent(mean)}{' exact' if exact else ''}{seeds}"
    return (cell.task, cell.name, accuracy, *known, count(cell.mean("parameters")), "ours", "")


def _difference(reported: Reported) -> str:
    if reported.differs:
        return ", ".join(reported.differs)
    return f"not known: {', '.join(reported.unknown)}" if reported.unknown else "nothing"
