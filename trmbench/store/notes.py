"""Notes of what runs were asked for: a small file each, with its cells, resolved, and their seeds.

So a run that died can be taken up without its command.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trmbench.spec import Trial
from trmbench.spec.ids import is_id, short_hash, trial_hash
from trmbench.store.atomic import write_json
from trmbench.store.datasets import Store
from trmbench.store.files import Damaged, below, listing, read_bytes, reason_of
from trmbench.store.location import Location, modified
from trmbench.store.plain_json import parse
from trmbench.store.rows import is_config

FOLDER, SUFFIX = "runs", ".json"
_OF_SEED = ("trial_id", "seed", "results", "stacked")
"""Fields of a trial that differ between the seeds of a cell, or are known from the folder."""
_OF_CELL = [field.name for field in dataclasses.fields(Trial) if field.name not in _OF_SEED]
_TEXTS = ("model", "task", "preset", "command")


def write_note(store: Store, trials: Sequence[Trial]) -> None:
    """Note what is about to be run; the same trials again replace their note."""
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for trial in trials:
        fields = {name: getattr(trial, name) for name in _OF_CELL}
        cell = cells.setdefault((trial.cell_id, trial.evaluation_id), {"cell": fields, "seeds": {}})
        cell["seeds"][trial.trial_id] = trial.seed
    write_json(below(store.root, FOLDER) / f"{_name(trials)}{SUFFIX}", list(cells.values()))


def _name(trials: Iterable[Trial]) -> str:
    """What the note of a run is called, after its trials."""
    return short_hash(sorted(trial.name for trial in trials))


def read_notes(store: Store) -> Iterator[Trial]:
    """The trials that were asked for, run by run; damaged notes are warned of and left out."""
    for path in note_files(store):
        try:
            yield from read_note(path, store.address)
        except FileNotFoundError:  # deleted just now
            continue
        except Damaged as error:
            store.skip(path, error.reason)


def note_files(store: Store) -> list[Location]:
    """The files of the notes, the oldest first."""
    paths = listing(below(store.root, FOLDER), SUFFIX)
    return sorted(paths, key=lambda path: (modified(path), path))


def read_note(path: Location, results: str) -> list[Trial]:
    """The trials of one run.

    Args:
        path: the note.
        results: the results folder, as the trials are to know it.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not what was written.
    """
    try:
        cells = parse(read_bytes(path))
        if not isinstance(cells, list):
            raise ValueError("it is no list of cells")
        trials = [trial for cell in cells for trial in _trials(cell, results)]
        if _name(trials) != path.stem:
            raise ValueError("it is the note of another run")
        return trials
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(path, reason_of(error)) from error


def _trials(noted: Mapping[str, Any], results: str) -> Iterable[Trial]:
    fields = noted["cell"]
    if unknown := set(fields) - set(_OF_CELL):
        raise ValueError(f"it has an unknown field {min(unknown)!r:.40}")
    if not all(isinstance(fields.get(name, ""), str) for name in _TEXTS):
        raise ValueError("a name in it is no text")
    if not is_config(fields["config"]):
        raise ValueError("it lacks a section of the configuration")
    if not (isinstance(fields["overrides"], dict) and is_id(fields["evaluation_id"])):
        raise ValueError("its overrides or its evaluation are none")
    for trial_id, seed in noted["seeds"].items():
        if type(seed) is not int or trial_hash(fields["cell_id"], seed) != trial_id:
            raise ValueError(f"trial {trial_id!r:.40} is not the one of its cell and seed")
        yield Trial(trial_id=trial_id, seed=seed, results=results, **fields)
