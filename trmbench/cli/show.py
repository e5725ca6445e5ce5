"""`trmbench show`: one trial, its puzzles, its failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trmbench.cli.options import results_option
from trmbench.errors import TrmbenchError


@click.command("show", short_help="Show one trial, or the puzzles it got wrong.")
@click.argument("trial", required=False)
@click.option("--puzzle", metavar="ID", help="Show this puzzle (the beginning of its id).")
@click.option("--steps", is_flag=True, help="With --puzzle: the answer after every step.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --steps: an animated .html page or a .png strip.",
)
@click.option("--failures", is_flag=True, help="Failed trials; with TRIAL, its unsolved puzzles.")
@click.option("--where", metavar="CONDITION", help="Which trials to list.")
@results_option
def command(
    trial: str | None,
    puzzle: str | None,
    steps: bool,
    save: Path | None,
    failures: bool,
    where: str | None,
    results: str,
) -> None:
    """List the trials; or show TRIAL (the beginning of its id), or one puzzle of it."""
    from trmbench.cli.console import warn
    from trmbench.store import Store

    store = Store(results, warn)
    if puzzle and not trial:
        raise TrmbenchError("--puzzle needs a trial", "trmbench show TRIAL --puzzle ID")
    if (steps or save) and not puzzle:
        raise TrmbenchError("--steps and --save need --puzzle ID", "show TRIAL --failures has ids")
    if trial is None:
        _list(store, where, failures)
    elif puzzle:
        _puzzle(store, trial, puzzle, steps or save is not None, save)
    else:
        _trial(store, trial, failures)


def _list(store: Any, where: str | None, failures: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.report import tables
    from trmbench.report.terminal import rich_table
    from trmbench.report.trial_view import trials_table
    from trmbench.report.where import parse_where
    from trmbench.store import FAILED, INTERRUPTED

    condition = parse_where(where) if where else None
    rows = [row for row in store.trials() if condition is None or condition(row)]
    if failures:
        rows = [row for row in rows if row["status"] in (FAILED, INTERRUPTED)]
    if not rows:
        return console.print(f"No {'failed ' if failures else ''}trials in {store.root}.")
    return console.print(rich_table(tables.failures(rows) if failures else trials_table(rows)))


def _trial(store: Any, trial: str, failures: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.report.failures import unsolved_view
    from trmbench.report.trial_view import trial_view

    rows = store.find_trial(trial)
    for part in unsolved_view(store, rows) if failures else trial_view(store, rows):
        console.print(part)


def _puzzle(store: Any, trial: str, puzzle: str, steps: bool, save: Path | None) -> None:
    from trmbench.cli.console import console
    from trmbench.refinement import puzzle_view, refinement
    from trmbench.report import strips

    if not steps:
        for part in puzzle_view(store, trial, puzzle):
            console.print(part)
        return
    found = refinement(store, trial, puzzle)
    if save is None:
        for part in strips.terminal(found):
            console.print(part)
    else:
        strips.save(found, save)
        console.print(f"wrote {save}", markup=False)
