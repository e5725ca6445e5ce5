"""Every damaged file of a results folder: what `doctor` names and `repair` sets aside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.spec.ids import is_id
from trmbench.store import Store
from trmbench.store.checkpoints import files_of, names_in, read_whole
from trmbench.store.claims import FOLDER as CLAIMS
from trmbench.store.claims.holders import Holder
from trmbench.store.claims.objects import TICKET
from trmbench.store.expectations import (
    FOLDER as EXPECTATIONS,
    expectation_files,
    read_stored,
)
from trmbench.store.files import LINKED, Damaged, kind, listing, subfolders
from trmbench.store.final import FINAL
from trmbench.store.location import Location, ObjectPath
from trmbench.store.notes import FOLDER as RUNS, note_files, read_note
from trmbench.store.parquet import SUFFIX, read_row, read_table
from trmbench.store.schemas import SCHEMAS

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Fault:
    """Something in a results folder that is not as it was written."""

    path: Location
    reason: str
    aside: tuple[Location, ...]
    """What to move away, so that the next run does what is missing."""

    @property
    def trial_id(self) -> str:
        """Whose file it is; "" for what belongs to no trial."""
        names = (self.path.name[:12], self.path.parent.name)
        return next(filter(is_id, names), "")


def faults(store: Store) -> Iterator[Fault]:
    """What is damaged in a results folder, room by room; everything is read once."""
    for name in (*SCHEMAS, RUNS, EXPECTATIONS, CHECKPOINTS, CLAIMS):
        path = store.root / name
        if isinstance(path, Path) and (found := kind(path)) not in ("", "a folder"):
            where = f"; {LINKED}" if found.startswith("a link") else ""
            yield Fault(path, f"it is {found}, not a folder{where}", (path,))
        elif name in SCHEMAS:
            yield from _of_dataset(store, name)
        elif name == RUNS:
            yield from _unread(note_files(store), lambda path: read_note(path, store.address))
        elif name == EXPECTATIONS:
            yield from _unread(expectation_files(store), read_stored)
        elif name == CHECKPOINTS:
            yield from _of_checkpoints(store, path)
        else:
            yield from _of_claims(path) if isinstance(path, Path) else _of_tickets(path)


def _of_dataset(store: Store, dataset: str) -> Iterator[Fault]:
    for path in listing(store.folder(dataset), SUFFIX):
        row = store.folder("trials") / path.name
        try:
            if dataset == "trials":
                read_row(path)
            else:
                read_table(path, dataset, SCHEMAS[dataset])
        except FileNotFoundError:
            continue
        except Damaged as error:
            needed = dataset in ("puzzles", "votes")  # without it the trial is to be tested again
            yield Fault(path, error.reason, (path, row) if needed else (path,))
        else:
            if dataset == "trials" and store.finished([path.stem]):
                yield from _without_puzzles(store.folder("puzzles") / path.name, path)


def _without_puzzles(puzzles: Location, row: Location) -> Iterator[Fault]:
    if not puzzles.exists():
        yield Fault(puzzles, "it is missing, and its trial is called finished", (row,))


def _unread(paths: Iterable[Location], read: Callable[[Location], object]) -> Iterator[Fault]:
    for path in paths:
        try:
            read(path)
        except Damaged as error:
            yield Fault(path, error.reason, (path,))


def _of_checkpoints(store: Store, root: Location) -> Iterator[Fault]:
    for folder in subfolders(root):
        if not is_id(folder.name):
            continue
        if isinstance(folder, Path) and kind(folder) != "a folder":
            yield Fault(folder, f"it is {kind(folder)}, not a folder", (folder,))
            continue
        for name in names_in(folder):
            try:
                read_whole(folder, name)
            except Damaged as error:
                rows = [
                    path
                    for path in listing(store.folder("trials"), SUFFIX)
                    if name == FINAL and path.stem.partition("-")[0] == folder.name
                ]
                yield Fault(error.path, error.reason, (*files_of(folder, name), *rows))


def _of_claims(folder: Path) -> Iterator[Fault]:
    for path in sorted(folder.iterdir()) if kind(folder) else ():
        lock = path.name == ".lock"
        reason = "it is no claim"
        with contextlib.suppress(TrmbenchError):
            if kind(path) == "a file" and (lock or Holder.read(path) is not None):
                continue
            reason = f"it is {kind(path)}" if kind(path) != "a file" else reason
        yield Fault(path, reason, (path,))


def _of_tickets(folder: ObjectPath) -> Iterator[Fault]:
    for path in (ticket for trial in folder.folders() for ticket in trial.glob(f"*{TICKET}")):
        if Holder.read(path) is None and path.exists():  # else released just now
            yield Fault(path, "it is no claim", (path,))
