"""Several results folders and bundles whose rows are kept apart, whatever trials they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from trmbench.errors import TrmbenchError
from trmbench.spec import Trial
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import row_name
from trmbench.store.location import Location
from trmbench.store.several import APART, ORIGIN, SeveralStores


class ApartStores(SeveralStores):
    """Results of several places, each with cells of its own: for reading only.

    A trial that was run again, by another version or on another machine, has the same id and maybe
    other answers. Here its cell is another one: ids are made of the stored ones and the place.

    Args:
        places: two or more results folders, their URLs, or bundles.
        warn: gets a line per damaged file, and one per pair of places that share trials.

    Raises:
        TrmbenchError: a place is not there, is no bundle, or is the only one.
    """

    def __init__(self, places: Sequence[str | Location], warn: Callable[[str], None]) -> None:
        if len(places) < 2:
            raise TrmbenchError(
                f"{places[0]} alone cannot be kept apart", "name a second place by --results, too"
            )
        self._stored: dict[str, tuple[str, str]] = {}
        super().__init__(places, warn)

    def _settle(self, warn: Callable[[str], None]) -> None:
        """Name each row of each place, and the curve of its trial, by an id of its own."""
        tested: dict[str, list[str]] = {}
        for origin, store in self._members.items():
            for row in store.trials():
                own, name = _apart(row, origin), row_name(row)
                self._stored[row_name(own)] = origin, name
                self._stored[own["trial_id"]] = origin, row["trial_id"]
                if row["status"] == FINISHED:
                    tested.setdefault(name, []).append(origin)
        for a, b in combinations(self._members, 2):
            shared = [name for name, places in tested.items() if a in places and b in places]
            same = [self._same_answers(name, a, b) for name in shared]
            if shared:
                equal = f"{same.count(True)} have the same answers bit for bit"
                told = f"{a} and {b} share {len(shared)} tested trials"
                warn(f"{told}: {equal}, {same.count(False)} have other answers")

    def names(self, dataset: str) -> list[str]:
        """The names of the files of a dataset, of a trial's in each place one."""
        there = {origin: set(store.names(dataset)) for origin, store in self._members.items()}
        return [own for own, (origin, name) in self._stored.items() if name in there[origin]]

    def paths(self, dataset: str, names: Iterable[str]) -> list[Location]:
        """The files of a dataset, each in the place that its name stands for."""
        stored = [self._stored[name] for name in names]
        return [self._members[origin].paths(dataset, [name])[0] for origin, name in stored]

    def trials(self, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The trials' rows, oldest first, with the keys `origin` and `stored_cell_id`."""
        wanted: dict[str, list[str]] = {}
        for own in self.names("trials") if names is None else names:
            origin, name = self._stored[own]
            wanted.setdefault(origin, []).append(name)
        found = [
            _apart(r, o) for o, those in wanted.items() for r in self._members[o].trials(those)
        ]
        return sorted(found, key=lambda row: str(row["started_at"]))

    def checkpoints(self, trial_id: str) -> Location:
        """The folder of a trial's checkpoints, in the place that its id stands for."""
        origin, stored = self._stored[trial_id]
        return self._members[origin].checkpoints(stored)

    def trial_of(self, row: Mapping[str, Any]) -> Trial:
        """The trial that a row is about, as it is stored."""
        origin, stored = self._stored[row_name(row)]
        [own] = self._members[origin].trials([stored])
        return self._members[origin].trial_of(own)


def _apart(row: Mapping[str, Any], origin: str) -> dict[str, Any]:
    cell_id = short_hash([row["cell_id"], origin])
    return {
        **row,
        "cell_id": cell_id,
        "trial_id": trial_hash(cell_id, row["seed"]),
        ORIGIN: origin,
        APART: row["cell_id"],
    }
