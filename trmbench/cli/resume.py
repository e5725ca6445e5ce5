"""`trmbench resume`: go on with what a results folder holds unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from trmbench.cli.options import (
    fail_fast_option,
    max_parallel_option,
    results_option,
    runner_option,
    time_budget_option,
    yes_option,
)
from trmbench.plugin import registry

if TYPE_CHECKING:
    from trmbench.experiment.runs import Unfinished
    from trmbench.spec import Trial

OF_A_RUN = ("max_parallel", "time_budget")
"""Settings of `execution` that a run has, and no trial."""


@click.command("resume", short_help="List the unfinished trials of a results folder, go on.")
@results_option
@runner_option
@max_parallel_option
@time_budget_option
@fail_fast_option
@yes_option
@click.option("--dry-run", is_flag=True, help="List the unfinished trials; run nothing.")
@click.pass_context
def command(
    context: click.Context,
    /,
    results: str,
    runner_name: str,
    fail_fast: bool,
    dry_run: bool,
    yes: bool,
    **execution: Any,
) -> int:
    """List the trials that were asked for and are not finished, and go on with them.

    Whatever ended them: Ctrl-C, a failure, a killed process, a lost machine.
    """
    from trmbench.cli.console import console, warn
    from trmbench.cli.execution import results_at, run_pending
    from trmbench.cli.summary import print_summary
    from trmbench.config.compose import checked_section
    from trmbench.experiment.plan import Plan, retrained
    from trmbench.experiment.runs import unfinished

    changes = {key: value for key, value in execution.items() if value is not None}
    checked_section("execution", changes)
    store = results_at(results)
    found = unfinished(store)
    if not found:
        console.print(f"Every trial in {store.root} is finished.")
        return 0
    console.print(_table(found))
    if dry_run:
        return 0
    for item in found:
        if item.outdated:
            warn(f"{item.trial.label} was begun with {item.outdated}; left out")
    trials = [_with_execution(item.trial, changes) for item in found if not item.outdated]
    if not trials:
        return 1
    runner = registry.runners().find(runner_name).spec
    todo = Plan([], trials, [], retrained(trials, store))
    for line in todo.warnings:
        warn(line)
    debug = context.obj["debug"]
    failed = run_pending(todo, store, runner, debug=debug, fail_fast=fail_fast, yes=yes)
    all_finished = print_summary(store, store.trials([trial.name for trial in trials]), len(trials))
    return 1 if failed or not all_finished else 0


def _table(found: list[Unfinished]) -> Any:
    from trmbench.report.fitted import table_of_names

    rows = [
        (item.trial.trial_id, item.trial.label, item.state, str(item.step) if item.step else "")
        for item in found
    ]
    return table_of_names("Unfinished trials", ("trial", "what", "state", "trained to step"), rows)


def _with_execution(trial: Trial, changes: dict[str, Any]) -> Trial:
    """Give the trial today's options: the options of the run that left it do not belong to it."""
    from dataclasses import replace

    execution = {**trial.config["execution"], **dict.fromkeys(OF_A_RUN), **changes}
    return replace(trial, config={**trial.config, "execution": execution})
