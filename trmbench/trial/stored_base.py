"""A trial of the results folder as the base of another model."""

from __future__ import annotations

from dataclasses import asdict

from trmbench.errors import TrmbenchError
from trmbench.spec import BaseCell, TaskSpec, Trial
from trmbench.store import Store
from trmbench.store.final import has_final


def stored_base(wanted: BaseCell, trial: Trial, task: TaskSpec) -> Trial:
    """The trial that a base names by its id.

    Args:
        wanted: the base, with the id of a trial.
        trial: the trial of the model that builds upon it.
        task: the spec of their task.

    Raises:
        TrmbenchError: there is no such trial with final weights, or it is of another model or of
            other data.
    """
    store = Store(trial.results)
    base = store.trial_of(store.find_trial(str(wanted.trial))[0])
    if base.trial_id != wanted.trial:
        raise TrmbenchError(
            f"{wanted.trial!r} is only the beginning of trial {base.trial_id}",
            "give the whole id: it is what tells this base from others",
        )
    if base.model != wanted.model or base.task != trial.task:
        raise TrmbenchError(
            f"trial {base.trial_id} is of {base.model} on {base.task},"
            f" not of {wanted.model} on {trial.task}",
            "name another trial, or another base model",
        )
    theirs, ours = (asdict(task.options(**each.config["task"])) for each in (base, trial))
    other = [f"--set task.{key}={_typed(theirs[key])}" for key in ours if theirs[key] != ours[key]]
    if other:
        raise TrmbenchError(
            f"trial {base.trial_id} has other data than {trial.model}", f"add {' '.join(other)}"
        )
    if not has_final(store.checkpoints(base.trial_id)):
        raise TrmbenchError(
            f"trial {base.trial_id} has no final weights", "run it to its end first"
        )
    return base


def _typed(value: object) -> str:
    """A value as a user types it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
