"""The report: one HTML file that holds everything it shows."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Group
from trmbench.report import tables
from trmbench.report.canvas import Plot, to_svg
from trmbench.report.compute import (
    CURVE_NOTE,
    area_lines,
    area_table,
    curve_table,
    measured_alike,
    measured_table,
)
from trmbench.report.figures import names, plots, profiles
from trmbench.report.headline import headlines, title
from trmbench.report.noise import noise_lines
from trmbench.report.published import further_run_lines, published_table
from trmbench.report.several import SEVERAL_NOTE, several_table
from trmbench.report.templates import digest, source, template
from trmbench.report.trial_view import dotted, trials_table
from trmbench.report.verdicts import verdicts
from trmbench.report.words import metric_names
from trmbench.store import Store
from trmbench.store.output import write_output


@dataclass(frozen=True)
class DrawnPuzzle:
    """Question, right answer and the answer of one seed of each model, as escaped HTML."""

    heading: str
    drawings: Mapping[str, str]
    steps: Mapping[str, Sequence[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)
    """The refinement by model: each step's caption, and its drawings by name as escaped HTML."""


@dataclass(frozen=True)
class Gallery:
    """The drawn puzzles of one task and preset."""

    puzzles: tuple[DrawnPuzzle, ...] = field(default=())
    note: str | None = None
    """Why there are none."""


@dataclass(frozen=True)
class Report:
    """A report and the plots in it."""

    html: str
    plots: list[Plot]


@dataclass(frozen=True)
class GroupReport:
    """What the report shows of one task and preset."""

    group: Group
    plots: Sequence[Plot]
    gallery: Gallery


def build_report(store: Store, compared: ComparedCells, galleries: Sequence[Gallery]) -> Report:
    """Draw the plots and set the page.

    Args:
        store: where the learning curves and the answers are.
        compared: the comparison.
        galleries: the drawn puzzles of each of its groups.
    """
    drawn = plots(store, compared)
    sections = [
        GroupReport(group, found, gallery)
        for (group, found), gallery in zip(drawn, galleries, strict=True)
    ]
    html = render_report(compared, sections, f"{datetime.now():%Y-%m-%d %H:%M}")
    return Report(html, [plot for _, found in drawn for plot in found])


def write_report(report: Report, path: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        TrmbenchError: the file cannot be written.
    """
    write_output(path, lambda file: file.write_text(report.html, encoding="utf-8"))


def render_report(compared: ComparedCells, sections: Sequence[GroupReport], written_at: str) -> str:
    """Render the report as HTML.

    Args:
        compared: the comparison.
        sections: the plots and drawings of each of its groups.
        written_at: date and time for people.
    """
    script = source("explore.js")
    return template("report.html").render(
        title=title(compared),
        headlines=headlines(compared),
        script=script,
        script_hash=digest(script),
        names={name: place for place, name in enumerate(names(compared))},
        version=importlib.metadata.version("trmbench"),
        written_at=written_at,
        question=_question(compared),
        compared=compared,
        cells=tables.cells(compared.cells),
        measured=measured_table(compared),
        alike=measured_alike(compared),
        areas=area_table(compared),
        area_lines=area_lines(compared),
        curves=curve_table(compared),
        curve_note=CURVE_NOTE,
        several=several_table(compared),
        several_note=SEVERAL_NOTE,
        differences=tables.differences(compared.differences),
        verdicts=verdicts(compared.differences),
        sources=tables.sources(compared.differences),
        expectations=tables.expectations(compared.outcomes),
        across=tables.across(compared),
        profiles=_profiles(compared),
        published=published_table(compared),
        further_runs=further_run_lines(compared),
        failures=tables.failures(compared.failed),
        footnote=[
            *tables.footnote(compared.cells).splitlines(),
            *tables.claims(compared),
            *noise_lines(compared.cells),
        ],
        sections=list(map(_section, sections)),
        settings=[_differing_settings(group) for group in compared.groups],
        configurations=[(_cell_title(cell), _configuration(cell)) for cell in compared.cells],
        trials=trials_table([row for cell in compared.cells for row in cell.rows]),
    )


def _profiles(compared: ComparedCells) -> str | None:
    """Draw the models' profiles over all tasks, where there are several."""
    if not compared.across:
        return None
    return to_svg(Plot("profiles", "", profiles(compared.across)))


def _section(shown: GroupReport) -> dict[str, Any]:
    return {
        "title": f"{shown.group.tested_on}, {shown.group.preset}",
        "plots": [(p.name, p.caption, to_svg(p), p.canvas.marks()) for p in shown.plots],
        "gallery": shown.gallery,
    }


def _question(compared: ComparedCells) -> list[tuple[str, str]]:
    asked = compared.question
    margin = None if asked.margin is None else f"{100 * asked.margin:g} points"
    said = {
        "metric": metric_names(cell.metric for cell in compared.cells),
        "trials": asked.where,
        "baseline": asked.baseline,
        "margin": margin,
        "matched by": None if asked.match == "depth" else asked.match,
        "failed trials": "ignored" if asked.ignore_failed else None,
    }
    return [(name, value) for name, value in said.items() if value]


def _cell_title(cell: CellSummary) -> str:
    return f"{cell.tested_on}, {cell.preset}: {cell.name}"


def _differing_settings(group: Group) -> tables.TextTable:
    """Make a table of the settings in which the cells of a group differ."""
    flat = [dotted(cell.config) for cell in group.cells]
    keys = dict.fromkeys(key for settings in flat for key in settings if _is_shown(key))
    rows = []
    for key in keys:
        texts = [str(settings.get(key, "-")) for settings in flat]
        if len(set(texts)) > 1:
            rows.append((key, *texts))
    headings = ("setting", *(cell.name for cell in group.cells))
    title = f"Settings that differ, {group.tested_on}, {group.preset}"
    return tables.TextTable(title, headings, tuple(rows), 1)


def _is_shown(key: str) -> bool:
    return not key.startswith("execution.")


def _configuration(cell: CellSummary) -> list[tuple[str, str]]:
    """List the configuration of a cell and the provenance of its first trial, line by line."""
    provenance: Mapping[str, Any] = json.loads(cell.rows[0]["provenance"] or "{}")
    values = {"cell": cell.cell_id, **dotted(cell.config), **dotted(provenance, "provenance.")}
    return [(key, str(value)) for key, value in values.items()]
