"""`trmbench show`: one trial, its puzzles, its failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trmbench.cli.options import results_option
from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command("show", short_help="Show one trial, or the puzzles it got wrong.")
@click.argument("trial", required=False)
@click.option("--puzzle", metavar="ID", help="Show this puzzle (the beginning of its id).")
@click.option("--steps", is_flag=True, help="With --puzzle: the answer after every step.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --puzzle: an .html page or a .png picture; with --steps, the page plays them.",
)
@click.option("--evaluation", metavar="ID", default="", help="Which of the trial's evaluations.")
@click.option("--failures", is_flag=True, help="Failed trials; with TRIAL, its unsolved puzzles.")
@click.option("--where", metavar="CONDITION", help="Which trials to list.")
@results_option
def command(
    trial: str | None,
    puzzle: str | None,
    steps: bool,
    save: Path | None,
    evaluation: str,
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
    if (steps or save or evaluation) and not puzzle:
        words = "--steps, --save and --evaluation need --puzzle ID"
        raise TrmbenchError(words, "show TRIAL --failures has ids")
    if trial is None:
        _list(store, where, failures)
    elif puzzle:
        from trmbench.gallery.stored_puzzle import StoredPuzzle

        _puzzle(StoredPuzzle(store, trial, puzzle, evaluation), steps, save)
    else:
        _trial(store, trial, failures)


def _list(store: Any, where: str | None, failures: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.comparison.where import parse_where
    from trmbench.report import tables
    from trmbench.report.terminal import rich_table
    from trmbench.report.trial_view import running_table, trials_table
    from trmbench.spec.status import FAILED, INTERRUPTED
    from trmbench.store.running import running

    condition = parse_where(where) if where else None
    rows = [row for row in store.trials() if condition is None or condition(row)]
    if failures:
        rows = [row for row in rows if row["status"] in (FAILED, INTERRUPTED)]
    under_way = [] if failures else running(store)[0]
    if rows:
        console.print(rich_table(tables.failures(rows) if failures else trials_table(rows)))
    elif not under_way:
        console.print(f"No {'failed ' if failures else ''}trials in {store.root}.")
    if under_way:
        console.print(rich_table(running_table([(r.trial, r.process) for r in under_way])))


def _trial(store: Any, trial: str, failures: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.report.trial_view import trial_view
    from trmbench.report.unsolved import unsolved_view

    if _running(store, trial):
        return
    rows = store.find_trial(trial)
    for part in unsolved_view(store, rows) if failures else trial_view(store, rows):
        console.print(part)


def _running(store: Any, trial: str) -> bool:
    """Show a trial without a row yet that a process does just now; False if there is none."""
    from trmbench.cli.console import console
    from trmbench.report.terminal import rich_table
    from trmbench.report.trial_view import curve_view, running_table
    from trmbench.store.running import running

    ended = {name.partition("-")[0] for name in store.names("trials")}
    found = [each for each in running(store)[0] if each.trial.trial_id.startswith(trial)]
    if len(found) != 1 or any(name.startswith(trial) for name in ended):
        return False
    console.print(rich_table(running_table([(each.trial, each.process) for each in found])))
    for part in curve_view(store, found[0].trial.trial_id):
        console.print(part)
    return True


def _puzzle(found: Any, steps: bool, save: Path | None) -> None:
    from trmbench.cli.console import console

    picture: Any
    view: Callable[[Any], Iterable[RenderableType]]
    write: Callable[[Any, Path], None]
    if steps:
        from trmbench.gallery.refinement import refinement
        from trmbench.gallery.strips import refinement_view, save_refinement

        picture, view, write = refinement(found), refinement_view, save_refinement
    else:
        from trmbench.gallery.puzzle_picture import puzzle_picture
        from trmbench.gallery.sections import picture_view, save_picture

        picture, view, write = puzzle_picture(found), picture_view, save_picture
    if save is None:
        for part in view(picture):
            console.print(part)
    else:
        write(picture, save)
        console.print(f"wrote {save}")
