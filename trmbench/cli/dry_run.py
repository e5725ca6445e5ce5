"""What a run would do: every setting with its origin, the trials, and an estimate."""

from __future__ import annotations

from rich.table import Table

from trmbench.bench.estimate import Estimate, estimate
from trmbench.bench.matmul import measure_matmul_rate
from trmbench.cli.console import console
from trmbench.config.cell import Cell
from trmbench.errors import TrmbenchError, one_line
from trmbench.experiment.plan import Plan
from trmbench.machine import available_cores
from trmbench.report.terminal import count, duration, memory
from trmbench.spec import Trial
from trmbench.trial.build import Assembly


def print_plan(plan: Plan) -> None:
    """Settings, trials and estimates."""
    for cell in plan.cells:
        console.print(_settings_table(cell))
    finished = {trial.trial_id for trial in plan.finished}
    for trial in plan.trials:
        state = "finished" if trial.trial_id in finished else "to do"
        console.print(f"{trial.trial_id}  {trial.label}  {state}", markup=False)
    print_estimate(plan)


def _settings_table(cell: Cell) -> Table:
    title = f"{cell.model} on {cell.task}, preset {cell.preset} (cell {cell.cell_id})"
    table = Table("setting", "value", "from", title=title, title_justify="left")
    for section, settings in cell.sections.items():
        for key, setting in settings.items():
            table.add_row(f"{section}.{key}", str(setting.value), setting.origin)
    return table


def print_estimate(plan: Plan) -> dict[str, float]:
    """One line per cell: what a trial costs; returns the seconds by cell_id.

    Loads each cell's task, so that bad data is found before anything is run.

    Raises:
        TrmbenchError: the task's data or the model's options are bad.
    """
    rates: dict[tuple[str, str, int], float] = {}
    seconds = {}
    for trial in _one_per_cell(plan):
        parts = Assembly(trial, train_base=_no_base)
        trials = sum(other.cell_id == trial.cell_id for other in plan.pending)
        stacked = trials if parts.execution.stack_seeds and trials > 1 else 1
        threads = min(available_cores(), stacked * trial.threads)
        key = (str(parts.device), parts.train.precision, threads)
        if key not in rates:
            rates[key] = measure_matmul_rate(parts.device, parts.dtype, threads)
        head = (
            f"{trial.cell_label or trial.model} on {trial.task} ({trial.preset}), {trials} trials"
        )
        _ = parts.task  # bad data is told as such, whatever the model does
        try:
            cost = estimate(trial, parts, rates[key])
            seconds[trial.cell_id] = cost.seconds * stacked
            text = _in_words(cost, parts, stacked)
        except TrmbenchError:
            raise
        except Exception as error:  # a plugin's model may raise anything: its trials will say so
            seconds[trial.cell_id] = 0.0
            text = f"no estimate, its model raised {one_line(error)}"
        console.print(f"{head} to do: {text}", markup=False, soft_wrap=True)
    return seconds


def _one_per_cell(plan: Plan) -> list[Trial]:
    return list({trial.cell_id: trial for trial in plan.pending or plan.trials}.values())


def _in_words(cost: Estimate, parts: Assembly, stacked: int) -> str:
    if not cost.steps:
        return "nothing to train, or trained by what it builds upon"
    return (
        f"{count(cost.parameters)} parameters, {count(cost.steps)} steps on {parts.device}, "
        f"about {duration(cost.seconds * stacked)} and {memory(cost.memory_bytes * stacked)} "
        + ("each" if stacked == 1 else f"for the {stacked} stacked seeds")
    )


def _no_base(trial: Trial) -> None:
    raise TrmbenchError("an estimate trains nothing")
