"""`trmbench evaluate`: test stored final weights again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from trmbench.cli.compare import where_option
from trmbench.cli.options import early_exit_option, results_option
from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from trmbench.spec import Trial
    from trmbench.store import Store


@click.command("evaluate", short_help="Test trained trials again, in another way.")
@click.argument("trials", nargs=-1, metavar="[TRIAL]...")
@where_option
@click.option("--all", "every", is_flag=True, help="Every trained trial of the results folder.")
@click.option("--split", metavar="NAME", help="Which puzzles: test, train, validation, ...")
@click.option("--limit", type=int, help="At most this many test puzzles.")
@click.option(
    "--subset",
    type=click.Choice(["stratified", "first"]),
    help="Which of them: a sample of easy and hard ones, or the first.",
)
@click.option("--votes", type=int, help="Augmented copies of each test puzzle that vote.")
@click.option("--steps", type=int, help="Supervision steps at test.")
@click.option(
    "--depth",
    type=int,
    help="Supervision steps at which the depth curve ends; the answer that counts stays.",
)
@click.option(
    "--identifiers",
    type=click.Choice(["own", "blank", "shuffled"]),
    help="Puzzle identifiers shown to the model: what do the answers owe to them?",
)
@click.option("--weights", type=click.Choice(["ema", "raw"]), help="Which weights.")
@early_exit_option
@click.option(
    "--rescore",
    is_flag=True,
    default=None,
    help="Score the stored answers by the labels that the data have today.",
)
@click.option(
    "--variants",
    is_flag=True,
    help="Test as before, but in other batches, precision, compiled, renamed: what flips?",
)
@results_option
@click.pass_context
def command(
    context: click.Context,
    /,
    trials: tuple[str, ...],
    where: str | None,
    every: bool,
    results: str,
    variants: bool,
    **settings: Any,
) -> int:
    """Test the final weights of trials (the beginnings of their ids) with other settings.

    Each result is a row of its own, but for a longer depth curve, which takes the place of the
    shorter one; nothing is trained.
    """
    from trmbench.cli.console import console, errors, warn
    from trmbench.cli.summary import print_summary, tested_as
    from trmbench.comparison.selection import matching
    from trmbench.experiment.plan import reevaluations
    from trmbench.report.progress import TrialProgress
    from trmbench.store import Store
    from trmbench.trial.run import run_trial

    if not (trials or where or every):
        raise TrmbenchError("evaluate needs to know which trials", "name them, or use --where")
    if settings["rescore"] and sum(value is not None for value in settings.values()) > 1:
        raise click.UsageError("--rescore takes the stored answers as they are")
    store = Store(results, warn)
    changes = {key: value for key, value in settings.items() if value is not None}
    if trials:
        named = [store.find_trial(start)[0] for start in trials]
        again = reevaluations(store, named, changes)
    else:
        again = reevaluations(store, matching(store, where), changes, trained_only=True)
    if again and variants:
        return _noise_floors(store, again)
    if not again:
        raise TrmbenchError(f"no trained trial in {store.root} to test again", "run one first")
    for line in tested_as(again):
        console.print(line, soft_wrap=True)
    failed = False
    with TrialProgress(again, console, warn) as progress:
        for trial in again:
            result = run_trial(trial, progress.on_event, again=True)
            progress.on_result(result, *store.trials([trial.name]))
            failed = failed or bool(result.error)
            if context.obj["debug"] and result.traceback:
                errors.print(result.traceback, markup=False)
    print_summary(store, store.trials([trial.name for trial in again]), len(again))
    return 1 if failed else 0


def _noise_floors(store: Store, trials: Sequence[Trial]) -> int:
    """Test each trial in every variant and print what flips."""
    from trmbench.cli.console import console
    from trmbench.report.noise import variants_table
    from trmbench.report.terminal import rich_table
    from trmbench.trial.variants import noise_floor

    for trial in trials:
        found = noise_floor(trial, store, lambda name: console.print(f"testing {name}"))
        console.print(rich_table(variants_table(trial.label, found)))
    return 0
