"""What a results folder holds unfinished, and how a trial is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from trmbench.config.bases import hashed
from trmbench.config.cell import DATA, evaluation_hash, learned_hash
from trmbench.config.compose import base_cells, checked_section
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry
from trmbench.spec import Trial, row_name
from trmbench.spec.ids import is_id
from trmbench.spec.settings import ExecutionSettings
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.store import Store
from trmbench.store.checkpoints import RUNNING, files_of, forget_all, names_in, saved_steps
from trmbench.store.claims import Claimed, claimed, holder
from trmbench.store.datasets import is_done
from trmbench.store.files import below, delete, listing, subfolders
from trmbench.store.final import has_final
from trmbench.store.leftovers import sweep
from trmbench.store.location import Location
from trmbench.store.notes import note_files, read_note, read_notes, write_note
from trmbench.store.parquet import SUFFIX
from trmbench.store.schemas import SCHEMAS


def record_run(store: Store, trials: Sequence[Trial]) -> None:
    """Note what is about to be run, and delete what killed processes were writing."""
    sweep(store.root)
    write_note(store, trials)


@dataclass(frozen=True)
class Unfinished:
    """A trial that was asked for and is not finished."""

    trial: Trial
    state: str
    """"failed", "interrupted", "begun", "not begun", "to be tested deeper", or who does it."""
    step: int
    """The training step of its last checkpoint."""
    outdated: str | None
    """Why it cannot go on: today's model, task or data are not the ones that it began with."""


def unfinished(store: Store) -> list[Unfinished]:
    """The trials of a results folder that are not finished, in the order they were asked for."""
    rows = store.trials()
    told = {row_name(row): row for row in rows}
    stopped = [store.trial_of(row) for row in rows if row["status"] in (FAILED, INTERRUPTED)]
    trials = {trial.name: trial for trial in [*read_notes(store), *stopped]}
    return [
        _describe(store, trial, told[name]["status"] if name in told else None)
        for name, trial in trials.items()
        if name not in told or not is_done(trial, told[name])
    ]


def _describe(store: Store, trial: Trial, status: str | None) -> Unfinished:
    steps = saved_steps(store.checkpoints(trial.trial_id))
    other = holder(store.root, trial.trial_id)
    ended = "to be tested deeper" if status == FINISHED else status
    state = str(other) if other else ended or ("begun" if steps else "not begun")
    return Unfinished(trial, state, max(steps, default=0), _outdated(trial))


def _outdated(trial: Trial) -> str | None:
    """Why a trial's configuration no longer means what it did; None if it does."""
    try:
        model = registry.models().find(trial.model).spec
        task = registry.tasks().find(trial.task).spec
        bases = base_cells(model, task, trial.preset, trial.config, trial.overrides)
        known = {setting.name for setting in fields(ExecutionSettings)}
        execution = trial.config["execution"]
        checked_section("execution", {key: execution[key] for key in known & set(execution)})
        ids = (
            learned_hash(model, task, trial.config, hashed(bases)),
            evaluation_hash(trial.config["evaluation"]),
        )
        held = task.content_of(task.options(**trial.config["task"]))
    except (TrmbenchError, TypeError):  # a plugin that is away, options of another version
        return "another revision of its plugins"
    if ids != (trial.cell_id, trial.evaluation_id):
        return "another revision of its plugins"
    return None if held == trial.config.get(DATA, held) else "other data"


def forget(store: Store, trial: Trial) -> None:
    """Delete all that is stored of a trial, every evaluation of it included.

    Raises:
        Claimed: another process does it just now.
        TrmbenchError: something that is none of the trial's files is in the place of one.
    """
    with claimed(store.root, trial.trial_id):
        checkpoints = store.checkpoints(trial.trial_id)
        for dataset in SCHEMAS:
            for path in listing(store.folder(dataset), SUFFIX):
                if path.stem.partition("-")[0] == trial.trial_id:
                    delete(path)
        forget_all(checkpoints)


def remove(store: Store, trials: Sequence[Trial]) -> None:
    """Delete trials with all that is stored of them, and ask for them no longer.

    Raises:
        TrmbenchError: another process does one of them; the others before it are gone.
    """
    for trial in trials:
        try:
            forget(store, trial)
        except Claimed as other:
            raise TrmbenchError(
                f"{trial.label} is left: {other.holder} does it", "stop that first"
            ) from None
    gone = {trial.trial_id for trial in trials}
    for path in note_files(store):
        asked = read_note(path, store.address)
        left = [trial for trial in asked if trial.trial_id not in gone]
        if len(left) < len(asked):
            delete(path)
            if left:
                write_note(store, left)


def outdated_checkpoints(store: Store) -> dict[str, list[Location]]:
    """The checkpoints of trainings that have ended since, by trial: the final weights stand."""
    found: dict[str, list[Location]] = {}
    for folder in subfolders(below(store.root, "checkpoints")):
        if is_id(folder.name) and has_final(folder) and holder(store.root, folder.name) is None:
            names = [name for name in names_in(folder) if name.startswith(RUNNING)]
            if names:
                found[folder.name] = [path for name in names for path in files_of(folder, name)]
    return found
