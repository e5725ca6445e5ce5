"""Prints what a run would do: every setting with its origin, the trials, and an estimate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trmbench.bench.estimate import CellEstimate, estimate_cells
from trmbench.cli.consent import expected_seconds
from trmbench.cli.console import console, warn
from trmbench.config.cell import Cell
from trmbench.experiment.plan import Plan
from trmbench.report.fitted import FittedTable, table_of_names
from trmbench.report.words import about, count, counted, duration, memory


def print_plan(plan: Plan) -> None:
    """Print settings, trials and estimates."""
    for number, cell in enumerate(plan.cells):
        console.print(_settings_table(cell, plan.cells[:number]))
    states = {trial.trial_id: "finished" for trial in plan.finished}
    states |= {trial.trial_id: "to do, trained again" for trial in plan.retrained}
    for trial in plan.trials:
        state = states.get(trial.trial_id, "to do")
        console.print(f"{trial.trial_id}  {trial.label}  {state}")
    seconds = _print(estimate_cells(plan, load=False))
    if len(plan.pending) > 1:
        whole = about(expected_seconds(plan, seconds))
        console.print(f"All {counted(len(plan.pending), 'trial')}: {whole} on this machine.")
    console.print("Samples stand for puzzles that would have to be downloaded or generated.")


def _settings_table(cell: Cell, before: Sequence[Cell]) -> FittedTable:
    """Tabulate the settings of a cell, or those in which it differs from the one most like it."""
    title = f"{cell.label or cell.model} on {cell.task}, preset {cell.preset} (cell {cell.cell_id})"
    rows = _settings(cell)
    known = {other.cell_id: set(_settings(other)) for other in before}
    others = {cell_id: [row for row in rows if row not in has] for cell_id, has in known.items()}
    like = min(others, key=lambda cell_id: len(others[cell_id]), default=None)
    if like and len(others[like]) < len(rows) / 2:
        title, rows = f"{title}: as cell {like} but for", others[like]
    return table_of_names(title, ("setting", "value", "from", "allowed"), rows)


def _settings(cell: Cell) -> list[tuple[str, str, str, str]]:
    return [
        (f"{section}.{key}", str(setting.value), setting.origin, setting.allowed)
        for section, settings in cell.sections.items()
        for key, setting in settings.items()
    ]


def print_estimates(plan: Plan) -> dict[str, float]:
    """Print one line per cell, what a trial costs; returns the seconds by cell_id.

    Raises:
        TrmbenchError: the task's data or the model's options are bad.
    """
    return _print(estimate_cells(plan))


def _print(estimates: Iterable[CellEstimate]) -> dict[str, float]:
    seconds = {}
    for found in estimates:
        seconds[found.trial.cell_id] = found.seconds
        console.say(_in_words(found))
        if found.memory_bytes > found.available_bytes:
            needed, left = memory(found.memory_bytes), memory(found.available_bytes)
            warn(f"{found.trial.label} needs about {needed}, and {found.device} has {left} left")
    return seconds


def _in_words(found: CellEstimate) -> str:
    trial, cost = found.trial, found.cost
    name = f"{trial.cell_label or trial.model} on {trial.task} ({trial.preset})"
    head = f"{name}, {counted(found.trials, 'trial')} to do"
    if cost is None:
        return f"{head}: no estimate, its model raised {found.problem}"
    if not cost.steps:
        return f"{head}: nothing to train, or trained by itself or by what it builds upon"
    rows = f" {count(cost.embedding_rows)} puzzle embeddings," * (cost.embedding_rows > 1)
    return (
        f"{head}: {count(cost.parameters)} parameters,{rows} {count(cost.steps)} steps on"
        f" {found.device}, about {duration(found.seconds)} and"
        f" {memory(found.memory_bytes)} "
        + ("each" if found.stacked == 1 else f"for the {found.stacked} stacked seeds")
    )
