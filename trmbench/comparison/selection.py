"""The rows of a store that are looked at: each trial once, as `--where` asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from trmbench.comparison.where import Condition, parse_where
from trmbench.errors import TrmbenchError, unknown
from trmbench.spec.status import FINISHED, IMPORTED
from trmbench.spec.trials import Row, split_of
from trmbench.store import Store
from trmbench.store.several import APART


class Selected(NamedTuple):
    """The trials to compare."""

    rows: list[Row]
    """Their rows, oldest first."""
    left_out: list[Row]
    """The rows that `--where` hides."""
    notes: list[str]
    """What of the store is passed over: cells out of the study, trials that are stored twice."""


def select_trials(
    store: Store,
    where: str | None = None,
    split: str | None = None,
    study: Callable[[Sequence[Row]], Mapping[str, str | None]] | None = None,
) -> Selected:
    """Select the trials to compare, and give them the names and the order of `study`.

    A trial that did not finish is kept with the other seeds of its cell whatever `where` says:
    those that finished may be the lucky ones.

    Raises:
        TrmbenchError: `where` is not understood, or there is nothing to compare, or nothing of the
            split.
    """
    condition = parse_where(where) if where else None
    # Of imported weights there is nothing to compare before `evaluate` has tested them.
    rows: list[Row] = [row for row in store.trials() if row["status"] != IMPORTED]
    if not rows:
        raise TrmbenchError(
            f"no trials in {store.root}", "`trmbench run` makes some; --results names the folder"
        )
    notes: list[str] = []
    if study is not None:
        rows, notes = _of_study(rows, study(rows))
        if not rows:
            raise TrmbenchError(
                f"no trial in {store.root} belongs to this study",
                "`trmbench run --study` makes some",
            )
    rows, repeated = _once(rows)
    left_out: list[Row] = []
    if condition:
        rows, left_out = _divided(rows, condition)
    if not rows:
        raise TrmbenchError(
            f"no trial matches --where {where!r}", "`trmbench show` lists the trials"
        )
    if split is not None:
        tested = {split_of(row) for row in rows}
        if split not in tested:
            raise unknown("split of these trials:", split, tested)
        rows = [row for row in rows if split_of(row) == split]
        left_out = [row for row in left_out if split_of(row) == split]
    return Selected(rows, left_out, [*notes, *repeated])


def _of_study(rows: list[Row], cells: Mapping[str, str | None]) -> tuple[list[Row], list[str]]:
    """Name and order rows as a study does; say how many cells are none of its."""
    finished = {_stored(row) for row in rows if row["status"] == FINISHED}
    others = finished - set(cells)
    places = {key: place for place, key in enumerate(cells)}
    kept: list[Row] = [
        {**row, "label": cells[key]} for row in rows if (key := _stored(row)) in cells
    ]
    kept.sort(key=lambda row: places[_stored(row)])
    note = f"the study leaves out {len(others)} of {len(finished)} finished cells"
    return kept, [note] * bool(others)


def _stored(row: Row) -> str:
    """The cell of a row as it is stored, in places that are kept apart, too."""
    cell_id: str = row.get(APART) or row["cell_id"]
    return cell_id


def _divided(rows: list[Row], condition: Condition) -> tuple[list[Row], list[Row]]:
    """Divide rows into those that are looked at and those that are not."""
    meant = [condition(row) for row in rows]
    kept = {_cell(row) for row, chosen in zip(rows, meant, strict=True) if chosen}
    chosen: list[Row] = []
    left_out: list[Row] = []
    for row, is_meant in zip(rows, meant, strict=True):
        stays = is_meant or (row["status"] != FINISHED and _cell(row) in kept)
        (chosen if stays else left_out).append(row)
    return chosen, left_out


def _cell(row: Row) -> tuple[str, str]:
    return row["cell_id"], row["evaluation_id"]


def matching(store: Store, where: str | None) -> list[Row]:
    """Select the rows of all trials that are as `--where` asks, oldest first.

    Raises:
        TrmbenchError: `where` is not understood.
    """
    condition = parse_where(where) if where else lambda row: True
    return [row for row in store.trials() if condition(row)]


def _once(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Keep each seed of each cell once: a finished row rather than another, then the latest."""
    chosen: dict[tuple[Any, ...], Row] = {}
    repeated: dict[str, int] = {}
    for row in rows:
        key = (*_cell(row), row["seed"])
        known = chosen.get(key)
        if known is not None:
            label = f"{row['model']} {row['task']} seed {row['seed']}"
            repeated[label] = repeated.get(label, 1) + 1
        if known is None or _rank(row) >= _rank(known):
            chosen[key] = row
    lines = [
        f"{label} is stored {times} times; the latest finished one counts"
        for label, times in repeated.items()
    ]
    return list(chosen.values()), lines


def _rank(row: Row) -> tuple[bool, str]:
    return row["status"] == FINISHED, str(row["finished_at"] or "")
