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
    max_parallel_option,
    models_option,
    parse_overrides,
    parse_seeds,
    results_option,
    runner_option,
    set_option,
    tasks_option,
    time_budget_option,
)
from trmbench.plugin import registry

if TYPE_CHECKING:
    from trmbench.experiment.cells import Choice
    from trmbench.experiment.plan import Plan

SHORTCUTS = {
    "limit": "evaluation.limit",
    "votes": "evaluation.votes",
    "device": "execution.device",
    "max_parallel": "execution.max_parallel",
    "time_budget": "execution.time_budget",
    "checkpoint_every": "execution.checkpoint_every",
    "ray_address": "execution.ray_address",
    "gpus_per_trial": "execution.gpus_per_trial",
    "cpus_per_trial": "execution.cpus_per_trial",
    "stack_seeds": "execution.stack_seeds",
    "early_exit": "evaluation.early_exit",
    "workers_per_trial": "execution.workers_per_trial",
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
@click.option("--ray-address", help="With --runner ray: auto, HOST:PORT or ray://HOST:PORT.")
@click.option(
    "--gpus-per-trial",
    type=float,
    help="With --runner ray: GPUs of a trial, which share its batches, or its share of one.",
)
@click.option("--cpus-per-trial", type=float, help="With --runner ray: CPU cores of a trial.")
@click.option(
    "--workers-per-trial",
    type=click.IntRange(min=1),
    help="With --runner ray: processes that share a trial's batches.",
    show_default="one per GPU",
)
@click.option(
    "--stack-seeds",
    is_flag=True,
    default=None,
    help="Train the seeds of a cell as one computation; equal within rounding.",
)
@early_exit_option
@click.option("--fresh", is_flag=True, help="Start over: forget what is stored of these trials.")
@fail_fast_option
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
    runner_name: str,
    results: str,
    dry_run: bool,
    fresh: bool,
    fail_fast: bool,
    **shortcuts: Any,
) -> int:
    """Train and test every model on every task, once per seed.

    Finished trials are skipped, interrupted ones go on where they stopped.
    """
    from trmbench.cli.console import console, warn
    from trmbench.config.studies import find_study
    from trmbench.experiment.cells import choose_cells
    from trmbench.experiment.plan import plan
    from trmbench.store import Store

    if study and file:
        raise click.UsageError("--study and --config exclude each other")
    source = find_study(study) if study else file
    given = {SHORTCUTS[name]: value for name, value in shortcuts.items() if value is not None}
    choice = choose_cells(models, tasks, preset, source, {**given, **parse_overrides(overrides)})
    store = Store(results, warn)
    todo = plan(choice.cells, parse_seeds(seeds or choice.seeds or "1"), store)
    if choice.note:
        console.print(choice.note)
    if dry_run:
        from trmbench.cli.dry_run import print_plan

        print_plan(todo)
        return 0
    runner = registry.runners().find(runner_name).spec
    store.ensure_writable()
    if fresh:
        from trmbench.cli.execution import start_over

        start_over(store, todo.trials)
        todo = replace(todo, finished=[])
    if todo.finished:
        console.print(f"{len(todo.finished)} of {len(todo.trials)} trials are finished already.")
    failed: list[str] = []
    if todo.pending:
        from trmbench.cli.execution import run_pending  # loads torch: a finished run needs none

        failed = run_pending(todo, store, runner, debug=context.obj["debug"], fail_fast=fail_fast)
    return _conclude(todo, choice, store, failed)


def _conclude(todo: Plan, choice: Choice, store: Any, failed: list[str]) -> int:
    """Print the table of the trials asked for."""
    from trmbench.cli.console import console
    from trmbench.comparison.cells import summarize
    from trmbench.report.published import beside_published
    from trmbench.report.terminal import cells_table, failures_table, footnote, rich_table

    rows = todo.rows(store)
    cells = summarize(store, rows)
    if choice.published:
        table, note = beside_published(cells, choice.published, choice.published_rows)
        console.print(rich_table(table), note, sep="\n")
    else:
        console.print(cells_table(cells))
    console.print(footnote(cells))
    not_finished = [row for cell in cells for row in cell.failed]
    if not_finished:
        console.print(failures_table(not_finished))
    missing = len(todo.trials) - len(rows)
    if missing:
        console.print(f"{missing} trials were not begun; the same command goes on with them.")
    return 1 if failed else 0
