"""The pluggy hooks by which plugins extend trmbench.

A plugin is a module or object named by an entry point of the group `trmbench`. It implements any
of these hooks with `trmbench.hookimpl`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from trmbench.spec import ModelSpec, OptimizerSpec, RunnerSpec, TaskSpec, Trial, TrialResult
    from trmbench.spec.trials import Row

hookspec = pluggy.HookspecMarker("trmbench")
hookimpl = pluggy.HookimplMarker("trmbench")


@hookspec
def trmbench_models() -> Sequence[ModelSpec]:
    """Return the models this plugin offers."""


@hookspec
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Return the tasks this plugin offers."""


@hookspec
def trmbench_optimizers() -> Sequence[OptimizerSpec]:
    """Return the optimisers this plugin offers to `train.optimizer`."""


@hookspec
def trmbench_runners() -> Sequence[RunnerSpec]:
    """Return the runners this plugin offers."""


@hookspec
def trmbench_commands(cli: click.Group) -> None:
    """Add commands to the command line, with `cli.add_command`."""


@hookspec
def trmbench_trial_started(trial: Trial) -> None:
    """Act on a trial that is about to train, in the process that started the run."""


@hookspec
def trmbench_training_point(trial: Trial, row: Row) -> None:
    """Act on a row of a trial's learning curve, in the process that started the run.

    Rows come in order, within a second; after an interruption those of the checkpoint come again.
    """


@hookspec
def trmbench_trial_finished(trial: Trial, result: TrialResult) -> None:
    """Act on a trial whose rows are in the store."""


@hookspec
def trmbench_trial_failed(trial: Trial, failure: TrialResult) -> None:
    """Act on a trial that ended with an error."""
