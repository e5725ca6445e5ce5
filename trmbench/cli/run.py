"""`trmbench run`: train and test models on tasks, over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trmbench.cli.options import (
    complete_studies,
    early_exit_option,
    fail_fast_option,
    given_to_runner,
    max_parallel_option,
    models_option,
    parse_overrides,
    results_option,
    runner_flags,
    runner_option,
    set_option,
    tasks_option,
    time_budget_option,
    yes_option,
)
from trmbench.plugin import registry

if TYPE_CHECKING:
    from trmbench.experiment.cells import Choice
    from trmbench.experiment.plan import Plan
    from trmbench.spec import RunnerSpec
    from trmbench.store import Store

SHORTCUTS = {
    "limit": "evaluation.limit",
    "votes": "evaluation.votes",
    "device": "execution.device",
    "max_parallel": "execution.max_parallel",
    "time_budget": "execution.time_budget",
    "checkpoint_every": "execution.checkpoint_every",
    "stack_seeds": "execution.stack_seeds",
    "early_exit": "evaluation.early_exit",
}
"""Options that are settings by another name."""


@click.command("run", short_help="Train and test models on tasks, over seeds.")
@models_option
@tasks_option
@click.option(
    "--preset", help="mini, paper, ...; auto takes paper on a GPU, else mini.", show_default="auto"
)
@click.option("--seeds", help="5 = seeds 0 to 4; or 0-4; or 0,2,7.", show_default="1")
@set_option
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Settings, cells and matrices of settings.",
)
@click.option(
    "--study",
    help="A study that comes with trmbench, such as paper-table-1; `trmbench list studies`.",
    shell_complete=complete_studies,
)
@click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="PREDICTION",
    help="Store a prediction, such as 'trm > hrm by 5', for `compare` to score; repeatable.",
)
@runner_option
@results_option
@click.option("--limit", type=int, help="At most this many test puzzles.")
@click.option("--votes", type=int, help="Augmented copies of each test puzzle that vote.")
@click.option("--device", help="auto, cpu, cuda or mps.", show_default="auto")
@max_parallel_option
@time_budget_option
@click.option(
    "--checkpoint-every",
    type=float,
    metavar="SECONDS",
    show_default="60",
    help="Time between checkpoints of a running trial.",
)
@runner_flags
@click.option(
    "--stack-seeds",
    is_flag=True,
    default=None,
    help="Train the seeds of a cell as one computation; equal within rounding.",
)
@early_exit_option
@click.option("--fresh", is_flag=True, help="Start over: forget what is stored of these trials.")
@fail_fast_option
@yes_option
@click.option("--dry-run", is_flag=True, help="Print every setting and an estimate; run nothing.")
@click.pass_context
def command(
    context: click.Context,
    /,
    models: Sequence[str],
    tasks: Sequence[str],
    preset: str | None,
    seeds: str | None,
    overrides: tuple[str, ...],
    file: Path | None,
    study: str | None,
    expected: Sequence[str],
    runner_name: str,
    results: str,
    dry_run: bool,
    fresh: bool,
    fail_fast: bool,
    yes: bool,
    **shortcuts: Any,
) -> int:
    """Train and test every model on every task, once per seed.

    Finished trials are skipped, interrupted ones go on where they stopped.
    """
    from trmbench.cli.console import warn
    from trmbench.config.studies import find_study
    from trmbench.experiment.cells import choose_cells
    from trmbench.experiment.plan import changed_data, plan
    from trmbench.store import Store
    from trmbench.store.expectations import write_expectations

    if study and file:
        raise click.UsageError("--study and --config exclude each other")
    source = find_study(study) if study else file
    runner = registry.runners().find(runner_name).spec
    given = {SHORTCUTS[n]: v for n, v in shortcuts.items() if n in SHORTCUTS and v is not None}
    given |= {**given_to_runner(runner, shortcuts), **parse_overrides(overrides)}
    choice = choose_cells(models, tasks, preset, source, given, seeds, runner, expected)
    store = Store(results, warn)
    todo = plan(choice.cells, choice.seeds, store)
    again = [] if fresh else todo.warnings
    _tell(choice, [*changed_data(choice.cells, store), *again])
    if dry_run:
        return _dry_run(todo)
    if fresh:
        todo = _fresh(todo, store)
    write_expectations(store, choice.expected)
    failed = _run(todo, store, runner, debug=context.obj["debug"], fail_fast=fail_fast, yes=yes)
    _summarize(todo, store, choice)
    return 1 if failed else 0


def _dry_run(todo: Plan) -> int:
    from trmbench.cli.dry_run import print_plan

    print_plan(todo)
    return 0


def _summarize(todo: Plan, store: Store, choice: Choice) -> None:
    """Print what the trials came to."""
    from trmbench.cli.summary import print_further, print_summary

    print_summary(store, todo.rows(store), len(todo.trials), choice)
    print_further(store, todo.further_rows(store))


def _tell(choice: Choice, further: Sequence[str]) -> None:
    """Say what was chosen automatically, and what is lacking."""
    from trmbench.cli.console import console, warn

    if choice.note:
        console.print(choice.note)
    for line in (*choice.warnings, *further):
        warn(line)


def _fresh(todo: Plan, store: Store) -> Plan:
    """Forget what is stored of the trials, so that all of them are to do."""
    from trmbench.cli.execution import start_over

    store.ensure_writable()
    start_over(store, todo.trials)
    return replace(todo, finished=[])


def _run(
    todo: Plan, store: Store, runner: RunnerSpec, *, debug: bool, fail_fast: bool, yes: bool
) -> list[str]:
    """Run what is not finished; returns the ids of the trials that did not finish."""
    from trmbench.cli.console import console

    if todo.finished:
        console.print(f"{len(todo.finished)} of {len(todo.trials)} trials are finished already.")
    if not todo.pending:
        return []
    from trmbench.cli.execution import run_pending  # loads torch: a finished run needs none

    store.ensure_writable()
    return run_pending(todo, store, runner, debug=debug, fail_fast=fail_fast, yes=yes)
