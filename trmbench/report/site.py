"""A static site of all cells: a board, and behind every number its trial and its puzzles."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.naming import described, unusual_evaluation
from trmbench.comparison.origins import origins
from trmbench.report import tables
from trmbench.report.compute import measured_pairs
from trmbench.report.tables import TextTable
from trmbench.report.templates import digest, source, template
from trmbench.report.trial_view import curve_view, dotted
from trmbench.report.words import (
    UNKNOWN,
    as_title,
    count,
    duration,
    interval_text,
    metric_names,
    percent,
    range_text,
    scientific,
)
from trmbench.spec import row_name
from trmbench.spec.ids import short_hash
from trmbench.spec.trials import Row
from trmbench.store import Store
from trmbench.store.machines import processor

MOST_PUZZLES = 2_000
"""Puzzles of a trial that its page lists."""
Places = Mapping[tuple[str, str], str]
"""The report of a task and preset, relative to the index."""


@dataclass(frozen=True)
class Page:
    """A page of the site."""

    path: str
    """Relative to the site's folder."""
    html: str

    def write(self, file: Path) -> None:
        """Write the page."""
        file.write_text(self.html, encoding="utf-8")


def report_path(task: str, preset: str) -> str:
    """Name the report of a task and preset."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{task}-{preset}")[:60]
    return f"tasks/{plain}-{short_hash([task, preset])[:4]}.html"


def site_pages(store: Store, cells: Sequence[CellSummary], reports: Places) -> Iterator[Page]:
    """Yield the pages of a site: the board, a page per cell, a page per trial and evaluation.

    Args:
        store: where the answers are.
        cells: what the board lists.
        reports: the reports that were written.
    """
    ordered = sorted(cells, key=_order)
    yield Page("index.html", _board(ordered, reports))
    for cell in ordered:
        yield Page(_cell_path(cell), _cell_page(cell, reports))
        for row in cell.rows:
            yield Page(f"trials/{row_name(row)}.html", _trial_page(store, cell, row))


def _order(cell: CellSummary) -> tuple[str, str, float]:
    mean = cell.interval.mean if cell.trials else -1.0
    return cell.tested_on, cell.preset, -mean


def _cell_path(cell: CellSummary) -> str:
    return f"cells/{short_hash([row_name(row) for row in cell.rows])}.html"


def _board(cells: Sequence[CellSummary], reports: Places) -> str:
    several = any(map(origins, cells))
    rows, links = [], []
    for cell in cells:
        page = _cell_path(cell)
        numbers = (
            percent(cell.interval.mean),
            interval_text(cell.interval),
            range_text(cell.interval),
            tables.seeds_text(cell),
            count(cell.puzzles),
            duration(cell.mean("train_seconds")),
            count(cell.mean("parameters")),
            scientific(cell.mean("flops_per_answer")),
        )
        machines = ", ".join(sorted({processor(row) for row in cell.rows}))
        last = (metric_names([cell.metric]), machines, *[", ".join(origins(cell))] * several)
        rows.append((cell.tested_on, cell.name, cell.preset, *numbers, *last))
        report = reports.get((cell.task, cell.preset), "")
        links.append((report, page, "", *[page] * len(numbers), *[""] * len(last)))
    names = ("task", "model", "preset")
    figures = ("mean", "95 % interval", "min..max", "seeds", "puzzles", "train", "parameters")
    headings = (*names, *figures, "FLOPs per answer", "metric", "measured on", *["from"] * several)
    chosen = [headings.index(name) for name in (*names, "measured on")]
    choices = [(place, headings[place], sorted({row[place] for row in rows})) for place in chosen]
    board = TextTable("", headings, tuple(rows), len(names), links=tuple(links))
    lines = tables.footnote(cells).splitlines()
    more = [(f"Report: {task}, {preset}", path) for (task, preset), path in reports.items()]
    return _page("Leaderboard", tables=[board], lines=lines, more=more, choices=choices, up="")


def _cell_page(cell: CellSummary, reports: Places) -> str:
    names = ("trial", "status", "measured on")
    rows = tuple(
        (
            row["trial_id"],
            row["status"],
            processor(row),
            str(row["seed"]),
            _share(row["score"]),
            _share(row["exact_accuracy"]),
            _share(row["valid_accuracy"]),
            duration(_number(row["train_seconds"])),
            duration(_number(row["test_seconds"])),
            f"{row['finished_at']:%Y-%m-%d}" if row["finished_at"] else UNKNOWN,
        )
        for row in cell.rows
    )
    headings = (*names, "seed", "score", "exact", "valid", "train", "test", "finished")
    pages = [f"../trials/{row_name(row)}.html" for row in cell.rows]
    links = tuple((page, "", "", page, *[page] * 3, *[""] * 3) for page in pages)
    trials = TextTable("", headings, rows, len(names), links=links)
    interval = f"{interval_text(cell.interval)}, {cell.interval.seeds} seeds"
    lines = [
        f"{as_title(metric_names([cell.metric]))} {percent(cell.interval.mean)}"
        f" (95 % interval {interval}) on {cell.puzzles:,} puzzles."
    ]
    if way := described({**cell.overrides, **unusual_evaluation(cell.rows[0])}):
        lines.append(f"Differs from the preset in {way}.")
    report = reports.get((cell.task, cell.preset))
    more = [("Compared with the other models of this task", f"../{report}")] if report else []
    measured = _pairs("What it was measured on", measured_pairs(cell))
    settings = _pairs("Configuration", dotted(cell.config))
    title = f"{cell.name} on {cell.tested_on}, {cell.preset}"
    return _page(title, tables=[trials], lines=lines, more=more, folded=[measured, settings])


def _trial_page(store: Store, cell: CellSummary, row: Row) -> str:
    puzzles, number = _puzzles(store, row)
    lines = [
        f"Status {row['status']}, {metric_names([row['primary_metric'] or 'score'])}"
        f" {_share(row['score'])}, on {processor(row)}.",
        *([f"It failed: {row['error']}"] if row["error"] else []),
        *(
            [f"The first {MOST_PUZZLES:,} of {number:,} puzzles; the results folder has all."]
            if number > MOST_PUZZLES
            else []
        ),
    ]
    curve = io.StringIO()
    for part in curve_view(store, row["trial_id"]):
        Console(file=curve, width=110, no_color=True).print(part)
    provenance = _pairs("Provenance", dotted(json.loads(row["provenance"] or "{}")))
    title = f"Trial {row['trial_id']}: {cell.name} on {cell.tested_on}, seed {row['seed']}"
    return _page(
        title,
        tables=[puzzles],
        lines=lines,
        more=[("Its cell", f"../{_cell_path(cell)}")],
        texts=[("Learning curve", curve.getvalue())] if curve.getvalue() else [],
        folded=[provenance],
    )


def _puzzles(store: Store, row: Row) -> tuple[TextTable, int]:
    """List the puzzles of a trial, the unsolved ones first, and count them."""
    columns = ["puzzle_id", "score", "exact", "valid", "cell_accuracy", "halt_probability"]
    table = store.read("puzzles", [*columns, "exact_by_step"], [row_name(row)])
    ordered = table.sort_by([("score", "ascending"), ("cell_accuracy", "descending")])
    lines = tuple(
        (
            found["puzzle_id"],
            _share(found["score"]),
            "yes" if found["exact"] else "no",
            {True: "yes", False: "no"}.get(found["valid"], UNKNOWN),
            _share(found["cell_accuracy"]),
            _share(found["halt_probability"]),
            ", ".join(str(i) for i, right in enumerate(found["exact_by_step"] or (), 1) if right)
            or UNKNOWN,
        )
        for found in ordered.slice(0, MOST_PUZZLES).to_pylist()
    )
    headings = (
        "puzzle",
        "score",
        "exact",
        "valid",
        "right cells",
        "confidence",
        "right after step",
    )
    return TextTable("Puzzles, the unsolved ones first", headings, lines, 1), table.num_rows


def _pairs(title: str, values: Mapping[str, Any]) -> TextTable:
    rows = tuple((key, str(value)) for key, value in values.items())
    return TextTable(title, ("", ""), rows, 2)


def _share(value: float | None) -> str:
    return percent(_number(value))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _page(title: str, **parts: Any) -> str:
    script = source("explore.js") + source("board.js")
    empty: dict[str, Any] = {"more": [], "texts": [], "folded": [], "choices": []}
    whole = {"up": "../index.html", **empty, **parts}
    return template("site.html").render(
        title=title, script=script, script_hash=digest(script), **whole
    )
