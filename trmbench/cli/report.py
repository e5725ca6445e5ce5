"""`trmbench report`: the comparison as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from trmbench.cli.compare import compared, opened, question_options


@click.command("report", short_help="Write the comparison as one HTML file.")
@question_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="report.html",
    metavar="FILE",
    help="Where to write it.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the figures there as SVG and PNG, too.",
)
def command(
    output: Path, figures: Path | None, results: Sequence[str], apart: bool, **options: Any
) -> None:
    """Write tables, figures, drawn puzzles, configuration and failures into one HTML file."""
    from trmbench.cli.console import console
    from trmbench.gallery.differences import draw_differences
    from trmbench.report.canvas import save_figures
    from trmbench.report.page import build_report, write_report

    store = opened(results, apart)
    found = compared(store, **options)
    report = build_report(store, found, draw_differences(store, found))
    write_report(report, output)
    console.print(f"wrote {output}")
    if figures:
        for path in save_figures(report.plots, figures):
            console.print(f"wrote {path}")
