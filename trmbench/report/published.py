"""Published figures: next to a study's rows, and as a table of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells
from trmbench.comparison.further_run import further_runs
from trmbench.comparison.reported import Reported, circumstances
from trmbench.published import Figure, published_figures
from trmbench.published.columns import COLUMNS, texts
from trmbench.report import tables
from trmbench.report.tables import TextTable
from trmbench.report.words import UNKNOWN, count, number, percent

SURPRISE = 0.05
"""A further run that lies this far away more seldom than this would surprise."""


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


def further_run_lines(compared: ComparedCells) -> list[str]:
    """Say of published numbers whether they would surprise as one further run of our training."""
    if not compared.question.published:
        return []
    lines = []
    for cell, prediction, figures in further_runs(compared.cells):
        bounds = f"{number(prediction.low)} to {number(prediction.high)} %"
        said = "; ".join(_surprise(figure, p) for figure, p in figures)
        lines.append(
            f"{cell.task}, {cell.preset}: one further run of {cell.name} lies between {bounds}"
            f" (95 %, {prediction.seeds} seeds). {said}. All this if it was one unselected run, on"
            " these puzzles, and no run collapses."
        )
    return lines


def _surprise(figure: Figure, p: float) -> str:
    runs = (
        f"the mean of {figure.seeds} further runs" if (figure.seeds or 1) > 1 else "a further run"
    )
    value = f"{figure.percent:g} ({figure.source})"
    if p < SURPRISE:
        return f"{value} would surprise as {runs} (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"
    return f"{value} would not surprise as {runs}"


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
