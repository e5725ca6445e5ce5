"""Asks before a run that takes more than a day."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from trmbench.cli.console import console
from trmbench.errors import TrmbenchError
from trmbench.experiment.plan import Plan
from trmbench.machine import available_cores, choose_device
from trmbench.report.words import about, counted
from trmbench.spec import Trial

DAY = 86_400.0


def require_consent(todo: Plan, seconds: Mapping[str, float], yes: bool) -> None:
    """Say how long a run takes where that is more than a day, and ask whether to begin.

    Args:
        todo: the trials.
        seconds: the time of a trial on this machine, by cell_id.
        yes: begin without being asked.

    Raises:
        TrmbenchError: the answer is no, or nobody can be asked.
    """
    expected = expected_seconds(todo, seconds)
    budget = todo.pending[0].config["execution"].get("time_budget")
    if expected <= DAY or (budget is not None and budget <= DAY):
        return
    said = f"{counted(len(todo.pending), 'trial')} will take {about(expected)} on this machine"
    if yes:
        return console.say(f"{said}.")
    if not sys.stdin.isatty():
        raise TrmbenchError(said, "add --yes to begin all the same; --dry-run shows every setting")
    if not click.confirm(f"{said}. Begin?"):
        raise TrmbenchError("nothing was begun", "--dry-run shows every setting and the cost")
    return None


def expected_seconds(todo: Plan, seconds: Mapping[str, float]) -> float:
    """Return the seconds of a run: no less than its longest trial, nor than its share of all."""
    whole: dict[str, float] = {}
    for trial in todo.pending:
        own = seconds.get(trial.cell_id, 0.0)
        together = bool(trial.config["execution"].get("stack_seeds"))
        whole[trial.cell_id] = own if together else whole.get(trial.cell_id, 0.0) + own
    return max([*seconds.values(), sum(whole.values()) / _at_once(todo.pending[0])], default=0.0)


def _at_once(trial: Trial) -> int:
    """Return how many trials this machine does side by side."""
    execution = trial.config["execution"]
    if choose_device(execution["device"]).type == "cuda":
        import torch

        room = torch.cuda.device_count()
    else:
        room = available_cores() // trial.threads
    return max(1, min(room, execution.get("max_parallel") or room))
