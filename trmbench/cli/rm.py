"""`trmbench rm`: delete trials, or checkpoints that nothing needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trmbench.cli.compare import where_option
from trmbench.cli.options import results_option
from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from trmbench.spec import Trial
    from trmbench.spec.trials import Row
    from trmbench.store import Store


@click.command("rm", short_help="Delete trials, or checkpoints that nothing needs any more.")
@click.argument("trials", nargs=-1, metavar="[TRIAL]...")
@where_option
@click.option(
    "--checkpoints",
    is_flag=True,
    help="Instead, the checkpoints of trainings that have ended since.",
)
@results_option
@click.option("--dry-run", is_flag=True, help="Say what would be deleted; delete nothing.")
def command(
    trials: tuple[str, ...], where: str | None, checkpoints: bool, results: str, dry_run: bool
) -> None:
    """Delete trials (the beginnings of their ids): rows, curves, answers, checkpoints, weights.

    With --checkpoints the trials stay, and only what their final weights have made needless goes.
    """
    from trmbench.cli.execution import results_at

    if checkpoints == bool(trials or where):
        raise TrmbenchError(
            "rm needs to know what to delete", "name trials, or use --where, or --checkpoints"
        )
    store = results_at(results)
    if checkpoints:
        _checkpoints(store, dry_run)
    else:
        _trials(store, trials, where, dry_run)


def _trials(store: Store, named: tuple[str, ...], where: str | None, dry_run: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.comparison.selection import matching
    from trmbench.experiment.runs import remove
    from trmbench.report.words import counted

    rows: list[Row] = [row for start in named for row in store.find_trial(start)]
    if where or not named:
        rows += matching(store, where)
    found: dict[str, Trial] = {row["trial_id"]: store.trial_of(row) for row in rows}
    for trial in found.values():
        console.print(f"{trial.trial_id}  {trial.label}", soft_wrap=True)
    if not dry_run:
        remove(store, list(found.values()))
    done = "would be deleted" if dry_run else "deleted"
    console.print(f"{counted(len(found), 'trial')} {done} in {store.root}", soft_wrap=True)


def _checkpoints(store: Store, dry_run: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.experiment.runs import outdated_checkpoints
    from trmbench.report.words import counted
    from trmbench.store.files import delete

    files = [path for paths in outdated_checkpoints(store).values() for path in paths]
    for path in files:
        console.print(str(path), soft_wrap=True)
        if not dry_run:
            delete(path)
    done = "would be deleted" if dry_run else "deleted"
    console.print(f"{counted(len(files), 'file')} {done} in {store.root}", soft_wrap=True)
