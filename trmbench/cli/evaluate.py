"""`trmbench evaluate`: test stored final weights again."""

from __future__ import annotations

from typing import Any

import click

from trmbench.cli.options import early_exit_option, results_option


@click.command("evaluate", short_help="Test a trained trial again, in another way.")
@click.argument("trial")
@click.option("--split", type=click.Choice(["test", "train", "validation"]), help="Which puzzles.")
@click.option("--limit", type=int, help="At most this many test puzzles.")
@click.option("--votes", type=int, help="Augmented copies of each test puzzle that vote.")
@click.option("--steps", type=int, help="Supervision steps at test.")
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
@results_option
@click.pass_context
def command(context: click.Context, /, trial: str, results: str, **settings: Any) -> int:
    """Test the final weights of TRIAL (the beginning of its id) with other settings.

    The result is a row of its own; nothing is trained.
    """
    from trmbench.cli.console import errors, warn
    from trmbench.cli.progress import TrialProgress
    from trmbench.cli.summary import print_summary
    from trmbench.experiment.plan import reevaluation
    from trmbench.store import Store
    from trmbench.trial.run import run_trial

    store = Store(results, warn)
    if settings["rescore"] and sum(value is not None for value in settings.values()) > 1:
        raise click.UsageError("--rescore takes the stored answers as they are")
    changes = {key: value for key, value in settings.items() if value is not None}
    again = reevaluation(store, trial, changes)
    with TrialProgress([again]) as progress:
        result = run_trial(again, progress.on_event, again=True)
        progress.on_result(result)
    if context.obj["debug"] and result.traceback:
        errors.print(result.traceback, markup=False)
    print_summary(store, store.trials([again.name]), 1)
    return 1 if result.error else 0
