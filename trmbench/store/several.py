"""Several results folders and bundles, read as one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trmbench.errors import TrmbenchError
from trmbench.spec import Trial
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import row_name
from trmbench.store.bundles import is_bundle, unpack_all
from trmbench.store.datasets import Store
from trmbench.store.location import Location, location
from trmbench.store.machines import processor

ORIGIN = "origin"
"""Key of a row of several folders: the folder or bundle that it is from."""
APART = "stored_cell_id"
"""Key of a row of places that are kept apart: the id of its cell in its place."""
_ANSWERS = ("puzzle_id", "answer", "score", "exact")


def is_bundled(place: str | Location) -> bool:
    """Whether a place is a bundle that was published."""
    found = location(place)
    return isinstance(found, Path) and is_bundle(found)


class SeveralStores(Store):
    """Results of several places: for reading only.

    Args:
        places: results folders, their URLs, or bundles, which are unpacked for the time being.
        warn: gets a line per damaged file, and one per pair of places that share trials.

    Raises:
        TrmbenchError: a place is not there, is no bundle, or a trial has different answers in two.
    """

    def __init__(self, places: Sequence[str | Location], warn: Callable[[str], None]) -> None:
        super().__init__(Path(", ".join(map(str, places))), warn)
        self._unpacked: list[tempfile.TemporaryDirectory[str]] = []
        self._members = {str(place): self._member(place, warn) for place in places}
        self._origin: dict[str, str] = {}
        self._by_trial: dict[str, str] = {}
        self._settle(warn)

    def _member(self, place: str | Location, warn: Callable[[str], None]) -> Store:
        found = location(place)
        if not found.exists():
            raise TrmbenchError(f"no results at {place}", "name a results folder or a bundle")
        if not is_bundled(place):
            return Store(found, warn)
        assert isinstance(found, Path)
        folder = tempfile.TemporaryDirectory(prefix="trmbench-")
        self._unpacked.append(folder)
        store = Store(folder.name, warn)
        unpack_all(found, store)
        return store

    def _settle(self, warn: Callable[[str], None]) -> None:
        """Say of each row where it is from; refuse rows that cannot both be right."""
        rows = {
            origin: {row_name(row): row for row in store.trials()}
            for origin, store in self._members.items()
        }
        shared: dict[tuple[str, str], int] = {}
        for origin, own in rows.items():
            for name, row in own.items():
                other = self._origin.setdefault(name, origin)
                if other == origin:
                    continue
                if row["status"] != FINISHED:
                    continue
                if rows[other][name]["status"] != FINISHED:
                    self._origin[name] = origin
                    continue
                self._require_equal(name, rows[other][name], row, other, origin)
                shared[other, origin] = shared.get((other, origin), 0) + 1
        self._by_trial = {name.partition("-")[0]: own for name, own in self._origin.items()}
        for (first, second), number in shared.items():
            warn(f"{first} and {second} both have {number} of the rows, alike; each counts once")

    def _require_equal(
        self, name: str, row: Mapping[str, Any], again: Mapping[str, Any], a: str, b: str
    ) -> None:
        if self._same_answers(name, a, b) is False:
            label = f"{row['model']} {row['task']} seed {row['seed']}"
            raise TrmbenchError(
                f"trial {row['trial_id']} ({label}) has other answers in {a} than in {b}"
                f"{machines(row, again)}",
                "both cannot count: `compare --apart`, or `trmbench rm` it in one of them",
            )

    def _same_answers(self, name: str, a: str, b: str) -> bool | None:
        """Whether a trial has the same answers in two places; None if one of them has none."""
        tables = [self._members[o].read("puzzles", _ANSWERS, [name]) for o in (a, b)]
        return tables[0].equals(tables[1]) if all(table.num_rows for table in tables) else None

    # --- reading ---

    @property
    def roots(self) -> list[Location]:
        """The folders of all members, a bundle's being where it was unpacked."""
        return [root for store in self._members.values() for root in store.roots]

    def names(self, dataset: str) -> list[str]:
        """The names of the files of a dataset, each once."""
        found = (store.names(dataset) for store in self._members.values())
        return list(dict.fromkeys(name for names in found for name in names))

    def paths(self, dataset: str, names: Iterable[str]) -> list[Location]:
        """The files of a dataset, each where its trial is from."""
        return [self._of(name).paths(dataset, [name])[0] for name in names]

    def trials(self, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The trials' rows that were there at the opening, oldest first, with the key `origin`."""
        rows = [row for row in super().trials(names) if row_name(row) in self._origin]
        return [{**row, ORIGIN: self._origin[row_name(row)]} for row in rows]

    def checkpoints(self, trial_id: str) -> Location:
        """The folder of a trial's checkpoints, where its first row is from."""
        return self._of(trial_id).checkpoints(trial_id)

    def trial_of(self, row: Mapping[str, Any]) -> Trial:
        """The trial that a row is about, in the folder that it is from."""
        return self._of(row_name(row)).trial_of(row)

    def _of(self, name: str) -> Store:
        """Find the member that has a trial's files; curves and weights go by the trial alone."""
        origin = self._origin.get(name) or self._by_trial.get(name)
        return self._members[origin or next(iter(self._members))]


def machines(row: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    """Say on which processors two rows were made, where these differ."""
    first, second = processor(row), processor(again)
    return f", on {first} and on {second}" if first != second else ""
