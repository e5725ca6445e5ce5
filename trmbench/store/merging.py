"""Results of one place taken over into another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from trmbench.spec import row_name
from trmbench.spec.status import FINISHED
from trmbench.store.atomic import write_bytes
from trmbench.store.datasets import Store
from trmbench.store.expectations import Stored, newer_to, read_expectations, take_over
from trmbench.store.files import read_bytes
from trmbench.store.final import FINAL
from trmbench.store.location import Location, location
from trmbench.store.schemas import SCHEMAS
from trmbench.store.several import ORIGIN, SeveralStores


@dataclass(frozen=True)
class Taken:
    """A row that is taken over, with all that belongs to it."""

    row: dict[str, Any]
    origin: str
    files: list[tuple[Location, Location]]
    """From where to where, the row last: it says that the rest is there."""
    store: Store
    """What has to stay open until they are copied: bundles are unpacked for the time being."""

    def copy(self) -> None:
        """Copy the files, each whole or not at all."""
        for source, place in self.files:
            write_bytes(place, read_bytes(source))


class ToMerge(NamedTuple):
    """What a results folder lacks."""

    rows: list[Taken]
    expectations: list[Stored]
    """Also those that it has since later: the first writing counts."""
    target: Store

    def copy(self) -> None:
        """Copy all of it."""
        for row in self.rows:
            row.copy()
        take_over(self.target, self.expectations)


def to_merge(
    sources: Sequence[str | Location], into: str | Location, warn: Callable[[str], None]
) -> ToMerge:
    """Find what a results folder lacks and others have; what is finished is never replaced.

    Args:
        sources: results folders or bundles.
        into: the results folder.
        warn: gets a line per damaged file, which is left out.

    Raises:
        TrmbenchError: a source is not there, or a trial has different answers in two places.
    """
    target = Store(into, warn)
    own = [into] if location(into).exists() else []
    every = SeveralStores([*own, *sources], warn)
    has = {row_name(row): row["status"] for row in target.trials()}
    taken = []
    for row in every.trials():
        known = has.get(row_name(row))
        if row[ORIGIN] != str(into) and (known is None or known != FINISHED == row["status"]):
            files = [*_weights(every, target, row["trial_id"]), *_datasets(every, target, row)]
            taken.append(Taken(row, row[ORIGIN], files, every))
    return ToMerge(taken, newer_to(target, read_expectations(every)), target)


def _datasets(
    every: Store, target: Store, row: dict[str, Any]
) -> Iterator[tuple[Location, Location]]:
    for dataset in (*(name for name in SCHEMAS if name != "trials"), "trials"):
        name = row["trial_id"] if dataset == "curves" else row_name(row)
        if every.read(dataset, names=[name]).num_rows:
            yield every.paths(dataset, [name])[0], target.paths(dataset, [name])[0]


def _weights(every: Store, target: Store, trial_id: str) -> Iterator[tuple[Location, Location]]:
    from trmbench.store.checkpoints import files_of, names_in

    source, place = every.checkpoints(trial_id), target.checkpoints(trial_id)
    for name in names_in(source):
        if name == FINAL or name.startswith("answers-"):
            files = list(zip(files_of(source, name), files_of(place, name), strict=True))
            yield from reversed(files)  # the tensors first: their description says they are whole
