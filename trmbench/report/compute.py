"""Tables of what was measured on what, and of accuracy against compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from trmbench.comparison.areas import Area, areas, compare_areas, obstacles_of
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells
from trmbench.comparison.depth_curves import DepthCurve, depth_curve
from trmbench.comparison.differences import Difference
from trmbench.comparison.measured import QUANTITIES, Quantity, Value, differing, measured_on
from trmbench.report.tables import TextTable
from trmbench.report.words import (
    UNKNOWN,
    as_title,
    count,
    decimals,
    duration,
    interval_text,
    listed,
    memory,
    metric_names,
    number,
    percent,
    scientific,
)
from trmbench.stats import Comparison

ORACLE = "oracle"
"""Marks the best depth: chosen by looking at the test answers, shown and never tested."""
_FORMS: dict[str, Callable[[float], str]] = {
    "count": count,
    "flops": scientific,
    "seconds": duration,
    "dollars": lambda value: f"{value:,.2f}",
    "share": percent,
    "bytes": memory,
}


def measured_table(compared: ComparedCells) -> TextTable:
    """Make one line per cell with everything in which two cells differ, and its cost."""
    cells = compared.cells
    found = [measured_on(cell, compared.question.dollars_per_hour) for cell in cells]
    columns = differing(found)
    rows = tuple(
        (cell.tested_on, cell.name, cell.preset, *(_text(q, told[q.name]) for q in columns))
        for cell, told in zip(cells, found, strict=True)
    )
    headings = ("task", "model", "preset", *(quantity.name for quantity in columns))
    about = tuple((cell.name,) for cell in cells)
    title = "What it was measured on, where cells differ"
    return TextTable(title, headings, rows if columns else (), 3, cells=about)


def measured_pairs(cell: CellSummary) -> dict[str, str]:
    """Write what one cell was measured on, by name."""
    told = measured_on(cell)
    return {q.name: _text(q, told[q.name]) for q in QUANTITIES if told.get(q.name) is not None}


def measured_alike(compared: ComparedCells) -> str:
    """Say in a line in what all cells are alike, and of which it is known where not of all."""
    found = [measured_on(cell, compared.question.dollars_per_hour) for cell in compared.cells]
    columns = differing(found)
    alike = []
    for quantity in QUANTITIES:
        told = [(c.name, v[quantity.name]) for c, v in zip(compared.cells, found, strict=True)]
        known = [(name, value) for name, value in told if value is not None]
        if quantity not in columns and known:
            of = "" if len(known) == len(told) else f" ({listed([name for name, _ in known])})"
            alike.append(f"{quantity.name} {_text(quantity, known[0][1])}{of}")
    return f"Alike: {'; '.join(alike)}." if alike else ""


def _text(quantity: Quantity, value: Value) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) else _FORMS[quantity.form](value)


def depth_curves(cells: Sequence[CellSummary]) -> list[DepthCurve]:
    """Return the depth curves of the cells that have one."""
    return [curve for curve in map(depth_curve, cells) if curve is not None]


def curve_table(compared: ComparedCells) -> TextTable:
    """Make one line per cell and depth: accuracy against compute."""
    curves = depth_curves(compared.cells)
    rows = tuple(row for curve in curves for row in _curve_rows(curve))
    metrics = metric_names(curve.cell.metric for curve in curves)
    title = f"{as_title(metrics)} against compute, with 95 % bands over seeds, all depths together"
    headings = ("task", "model", "depth", "mean", "band", "lost again", "halting AUC", "FLOPs")
    about = tuple((curve.cell.name,) for curve in curves for _ in curve.depths)
    return TextTable(title, (*headings, "which"), rows, 2, cells=about)


CURVE_NOTE = (
    "Depth: supervision steps; tested: the answer that counts. The best depth is an oracle's, who"
    " knows the test answers: it is shown and never tested."
)

NO_CURVE = "No trial has a depth curve; `trmbench evaluate --all --depth N` makes them."


def _curve_rows(curve: DepthCurve) -> Iterator[tuple[str, ...]]:
    low, high = curve.band
    for place, depth in enumerate(curve.depths.tolist()):
        marks = [("tested", depth == curve.tested), (ORACLE, place == curve.oracle)]
        band = f"{number(low[place])} to {number(high[place])}"
        yield (
            curve.cell.tested_on,
            curve.cell.name,
            count(depth),
            percent(curve.mean[place]),
            UNKNOWN if np.isnan(low[place]) else band,
            UNKNOWN if np.isnan(curve.lost[place]) else f"{curve.lost[place]:,.1f}",
            decimals(curve.halting_auc[place]),
            scientific(curve.flops[place]),
            ", ".join(word for word, holds in marks if holds),
        )


def _areas(compared: ComparedCells) -> list[list[Area]]:
    return [areas(depth_curves(group.cells)) for group in compared.groups]


def area_table(compared: ComparedCells) -> TextTable:
    """Make one line per cell: the area under its curve, the headline of accuracy over compute."""
    rows, about = [], []
    for area in (area for found in _areas(compared) for area in found):
        cell = area.curve.cell
        costs = f"{scientific(area.low)} to {scientific(area.high)}"
        mean, bounds = percent(area.interval.mean), interval_text(area.interval)
        rows.append((cell.tested_on, cell.name, cell.preset, mean, bounds, costs))
        about.append((cell.name,))
    title = "Accuracy averaged over log FLOPs: the area under the curve, on this test set"
    headings = ("task", "model", "preset", "area", "95 % interval", "FLOPs")
    return TextTable(title, headings, tuple(rows), 3, cells=tuple(about))


def area_lines(compared: ComparedCells) -> list[str]:
    """Say how the areas of the cells of each task and preset compare."""
    found = compare_areas(_areas(compared), compared.differences, compared.question)
    return [f"{pair.a.tested_on}, area under the curve: {_said(pair, c)}" for pair, c in found]


def _said(pair: Difference, comparison: Comparison | None) -> str:
    why = "; ".join(obstacles_of(pair))
    if comparison is None:
        return f"{pair.a.name} and {pair.b.name} are not compared: {why}."
    return f"FORCED although {why}. {comparison}" if why else str(comparison)


def area_records(compared: ComparedCells) -> list[dict[str, object]]:
    """Make the record of each area."""
    return [
        {
            "name": area.curve.cell.name,
            "cell_id": area.curve.cell.cell_id,
            "low_flops": area.low,
            "high_flops": area.high,
            "mean": area.interval.mean,
            "low": area.interval.low,
            "high": area.interval.high,
        }
        for found in _areas(compared)
        for area in found
    ]


def curve_record(curve: DepthCurve) -> dict[str, object]:
    """Make the record of one depth curve; lists have an item per depth."""
    low, high = curve.band
    return {
        "name": curve.cell.name,
        "cell_id": curve.cell.cell_id,
        "evaluation_id": curve.cell.evaluation_id,
        "task": curve.cell.task,
        "preset": curve.cell.preset,
        "metric": curve.cell.metric,
        "tested_depth": curve.tested,
        "oracle_depth": int(curve.depths[curve.oracle]),
        "depth": curve.depths.tolist(),
        "flops": curve.flops.tolist(),
        "mean": curve.mean.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "lost": curve.lost.tolist(),
        "halting_auc": curve.halting_auc.tolist(),
    }
