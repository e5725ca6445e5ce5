"""`trmbench view`: the report in the browser, while a run goes on."""

from __future__ import annotations

from typing import Any

import click

from trmbench.cli.options import results_argument


@click.command("view", short_help="Show the report in the browser, live while a run goes on.")
@results_argument
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one")
def command(results: str, port: int) -> None:
    """Serve the report of RESULTS to this machine's browser, with the curves of what runs.

    It listens on 127.0.0.1 only, reads the folder and never writes. Ctrl-C ends it.
    """
    from trmbench.cli.console import console
    from trmbench.cli.execution import results_at
    from trmbench.report.live import Follower
    from trmbench.report.server import serve, server

    store = results_at(results)
    served = server(Follower(store, lambda: page(store)), f"Results in {store.root}", port)
    console.print(f"http://127.0.0.1:{served.server_port} shows {store.root}; Ctrl-C ends it.")
    serve(served)


def page(store: Any) -> str:
    """Make the page of the finished trials; one that says so where there are none."""
    from trmbench.comparison.compare import compare_cells
    from trmbench.comparison.question import Question
    from trmbench.gallery.differences import draw_differences
    from trmbench.report.page import build_report
    from trmbench.report.templates import template
    from trmbench.spec.status import FINISHED

    if not any(row["status"] == FINISHED for row in store.trials()):
        return template("empty.html").render(title="No trial is finished yet")
    found = compare_cells(store, Question(ignore_failed=True))
    return build_report(store, found, draw_differences(store, found)).html
