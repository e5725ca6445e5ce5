"""`trmbench site`: a static site of all cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trmbench.cli.compare import opened, where_option
from trmbench.cli.options import DEFAULT_RESULTS

if TYPE_CHECKING:
    from trmbench.comparison.cells import CellSummary
    from trmbench.report.site import Page
    from trmbench.store import Store

MOST_COMPARED = 20
"""Cells of a task and preset that a report compares, each with each."""


@click.command("site", short_help="Write a static site: a leaderboard with every trial behind it.")
@click.argument("results", nargs=-1, metavar="[RESULTS]...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of the site.",
)
@where_option
def command(results: tuple[str, ...], output: Path, where: str | None) -> None:
    """Write all cells of results folders and bundles as pages that need no network.

    The board can be sorted and filtered; every number leads to its trials, and these to their
    puzzles. Each task and preset has a report of its own.
    """
    from trmbench.cli.console import console
    from trmbench.comparison.cells import summarize
    from trmbench.comparison.selection import select_trials
    from trmbench.report.site import site_pages
    from trmbench.report.words import counted
    from trmbench.store.output import write_output

    store = opened(results or [DEFAULT_RESULTS])
    rows = select_trials(store, where).rows
    cells = summarize(store, rows)
    reports = {}
    for key, page in _reports(store, cells, where):
        write_output(output / page.path, page.write)
        reports[key] = page.path
    number = 0
    for page in site_pages(store, cells, reports):
        write_output(output / page.path, page.write)
        number += 1
    written = counted(number + len(reports), "page")
    console.print(f"wrote {written}; open {output / 'index.html'}", soft_wrap=True)


def _reports(
    store: Store, cells: list[CellSummary], where: str | None
) -> Iterator[tuple[tuple[str, str], Page]]:
    """Yield the report of each task and preset of which there is something to compare."""
    from trmbench.cli.console import warn
    from trmbench.comparison.compare import compare_cells
    from trmbench.comparison.question import Question
    from trmbench.errors import TrmbenchError
    from trmbench.gallery.differences import draw_differences
    from trmbench.report.page import build_report
    from trmbench.report.site import Page, report_path

    groups: dict[tuple[str, str], int] = {}
    for cell in cells:
        groups[cell.task, cell.preset] = groups.get((cell.task, cell.preset), 0) + 1
    for (task, preset), number in groups.items():
        own = f'task = "{task}" and preset = "{preset}"' + (f" and ({where})" if where else "")
        try:
            if number > MOST_COMPARED:
                raise TrmbenchError(f"{number} cells are too many, --where narrows them")
            found = compare_cells(store, Question(where=own, ignore_failed=True))
            html = build_report(store, found, draw_differences(store, found)).html
        except TrmbenchError as error:  # the board stands without it
            warn(f"no report of {task}, {preset}: {error.message}")
            continue
        yield (task, preset), Page(report_path(task, preset), html)
