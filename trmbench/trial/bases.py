"""The trials whose trained models another model builds upon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from trmbench.config.bases import Base
from trmbench.config.compose import base_cells
from trmbench.errors import TrmbenchError
from trmbench.spec import BaseCell, ModelSpec, TaskSpec, Trial
from trmbench.store import Store
from trmbench.store.claims import Claimed, claimed
from trmbench.store.final import has_final
from trmbench.training.loop import Stopped
from trmbench.training.workers import Workers

POLL_SECONDS = 1.0
"""Between two looks at whether a base that another process trains is free."""


def base_trials(trial: Trial, model: ModelSpec, task: TaskSpec) -> list[Trial]:
    """Return the trials that a trial builds upon, cell by cell and seed by seed; as a rule none.

    Args:
        trial: the trial.
        model: the spec of its model.
        task: the spec of its task.

    Raises:
        TrmbenchError: a stored one does not fit, or one is named twice.
    """
    cells = base_cells(model, task, trial.preset, trial.config, trial.overrides)
    bases = [base for each in cells for base in _trials(each, trial, task)]
    for place, base in enumerate(bases):
        if base.trial_id in {other.trial_id for other in bases[:place]}:
            raise TrmbenchError(
                f"{trial.label} builds upon {base.label} twice (trial {base.trial_id})",
                "name each trial, and each seed of a cell, once",
            )
    return bases


def when_free(
    base: Trial,
    train: Callable[[], Any],
    workers: Workers,
    should_stop: Callable[[], bool],
    say: Callable[[str], None],
) -> Any:
    """Train a base once no other process does: for another trial that builds upon it, or itself.

    Args:
        base: the trial.
        train: trains it, or loads what is trained; the workers that do not lead wait in it.
        workers: the processes that train it together.
        should_stop: asked while another process trains.
        say: gets one line that tells who does.

    Raises:
        Stopped: `should_stop` said so.
    """
    if not workers.leads:
        return train()
    waiting_for = None
    while True:
        try:
            with claimed(base.results, base.trial_id):
                return train()
        except Claimed as other:
            if should_stop():
                raise workers.first_failure(Stopped()) from None
            if other.holder != waiting_for:
                waiting_for = other.holder
                say(f"waits for {base.label}: {other}")
            time.sleep(POLL_SECONDS)


def _trials(base: Base, trial: Trial, task: TaskSpec) -> Iterator[Trial]:
    execution = trial.config["execution"]
    for seed in base.wanted.seeds_of(trial.seed):
        found = base.cell.trial(seed, trial.results)
        config = {**found.config, "execution": execution}
        if base.wanted.trial is not None:
            found = stored_base(base.wanted, trial, task)
            config = {**config, "model": found.config["model"], "train": found.config["train"]}
        yield replace(found, config=config)


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
