"""A study's table with the figures that a paper published for the same rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from trmbench.comparison.cells import CellSummary
from trmbench.published import published_figures
from trmbench.report import tables
from trmbench.report.tables import TextTable
from trmbench.report.words import UNKNOWN


def beside_published(
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
