"""What runs were asked for: so that a run that died can be taken up without its command.

Each run leaves one small file in the results folder's `runs`: its cells, resolved, and their seeds.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trmbench.config.cell import learned_hash, short_hash
from trmbench.config.compose import base_cell
from trmbench.plugin import registry
from trmbench.spec import Trial, row_name
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.store import Store
from trmbench.store.atomic import write_json
from trmbench.store.claims import claimed, holder
from trmbench.store.location import Location, modified, remove_all

FOLDER = "runs"
_OF_SEED = ("trial_id", "seed", "results", "stacked")
"""Fields of a trial that differ between the seeds of a cell, or are known from the folder."""


def record_run(store: Store, trials: Sequence[Trial]) -> None:
    """Note what is about to be run; the same trials again replace their note."""
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for trial in trials:
        cell = cells.setdefault((trial.cell_id, trial.evaluation_id), _cell(trial))
        cell["seeds"][trial.trial_id] = trial.seed
    name = short_hash(sorted(trial.name for trial in trials))
    write_json(store.root / FOLDER / f"{name}.json", list(cells.values()))


def _cell(trial: Trial) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(trial) if field.name not in _OF_SEED]
    return {"cell": {name: getattr(trial, name) for name in names}, "seeds": {}}


@dataclass(frozen=True)
class Unfinished:
    """A trial that was asked for and is not finished."""

    trial: Trial
    state: str
    """"failed", "interrupted", "begun", "not begun", or who does it."""
    step: int
    """The training step of its last checkpoint."""
    is_current: bool
    """Whether today's model and task still mean the same by its configuration."""


def unfinished(store: Store) -> list[Unfinished]:
    """The trials of a results folder that `resume` can go on with, in the order asked for."""
    rows = store.trials()
    statuses = {row_name(row): row["status"] for row in rows}
    stopped = [store.trial_of(row) for row in rows if row["status"] in (FAILED, INTERRUPTED)]
    trials = {trial.name: trial for trial in [*_recorded(store), *stopped]}
    return [
        _describe(store, trial, statuses.get(name))
        for name, trial in trials.items()
        if statuses.get(name) != FINISHED
    ]


def _recorded(store: Store) -> Iterable[Trial]:
    paths = sorted((store.root / FOLDER).glob("*.json"), key=modified)
    for path in paths:
        for cell in json.loads(path.read_text()):
            for trial_id, seed in cell["seeds"].items():
                yield Trial(trial_id=trial_id, seed=seed, results=store.address, **cell["cell"])


def _describe(store: Store, trial: Trial, status: str | None) -> Unfinished:
    steps = [int(path.stem.split("-")[1]) for path in _checkpoints(store, trial)]
    other = holder(store.root, trial.trial_id)
    state = str(other) if other else status or ("begun" if steps else "not begun")
    return Unfinished(trial, state, max(steps, default=0), _is_current(trial))


def _checkpoints(store: Store, trial: Trial) -> Iterable[Location]:
    return store.checkpoints(trial.trial_id).glob("running-*.json")


def _is_current(trial: Trial) -> bool:
    model, task = registry.models().find(trial.model).spec, registry.tasks().find(trial.task).spec
    base = base_cell(model, task, trial.preset, trial.config, trial.overrides)
    return learned_hash(model, task, trial.config, base) == trial.cell_id


def forget(store: Store, trial: Trial) -> None:
    """Delete all that is stored of a trial, every evaluation of it included.

    Raises:
        Claimed: another process does it just now.
    """
    with claimed(store.root, trial.trial_id):
        for dataset in ("trials", "curves", "puzzles", "votes"):
            for path in (store.root / dataset).glob(f"{trial.trial_id}*.parquet"):
                path.unlink()
        remove_all(store.checkpoints(trial.trial_id))
