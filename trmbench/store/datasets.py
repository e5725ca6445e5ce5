"""The results folder: Parquet datasets, one file per trial and evaluation.

A reader meets either the whole file or none (`trmbench.store.atomic`). What cannot be believed all
the same (`trmbench.store.parquet`, `trmbench.store.rows`) is named and skipped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa

from trmbench.errors import TrmbenchError
from trmbench.spec import Trial, row_name
from trmbench.spec.ids import checked_id
from trmbench.spec.status import FINISHED
from trmbench.store.atomic import require_writable
from trmbench.store.files import Damaged, below, delete, listing
from trmbench.store.location import Location, location
from trmbench.store.parquet import SUFFIX, Content, Known, read_row, read_table, write_table
from trmbench.store.reading import side_by_side
from trmbench.store.schemas import SCHEMA_VERSION, SCHEMAS

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]
"""Dictionaries, or columns by name."""
_TRIAL_NAMES = ("trial_id", "evaluation_id", "cell_id", "model", "task", "preset", "seed")


class Warnings:
    """Warnings that are given once each.

    Args:
        warn: gets each line.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._given: set[object] = set()

    def once(self, about: object, line: str) -> None:
        """Give a warning, unless one about the same was given."""
        if about not in self._given:
            self._given.add(about)
            self._warn(line)


class Store:
    """A results folder.

    Args:
        root: the folder; made when the first file is written. Or a URL, such as s3://bucket/results.
        warn: gets one line per damaged file, once each.
    """

    def __init__(
        self, root: str | Location, warn: Callable[[str], None] = lambda line: None
    ) -> None:
        self.root = location(root)
        self._warnings = Warnings(warn)
        self._known: Known = {}

    def ensure_writable(self) -> None:
        """Make the folder.

        Raises:
            TrmbenchError: it cannot be made or written to.
        """
        require_writable(self.root)

    @property
    def roots(self) -> list[Location]:
        """The folders that are read as one: here the root alone."""
        return [self.root]

    @property
    def address(self) -> str:
        """The root as every process knows it, whatever its working directory."""
        return str(self.root.absolute())

    def checkpoints(self, trial_id: str) -> Location:
        """The folder of a trial's checkpoints and final weights.

        Raises:
            TrmbenchError: this is no trial's id, or something else is in its place.
        """
        return below(self.root, "checkpoints", checked_id(trial_id))

    def folder(self, dataset: str) -> Location:
        """The folder of a dataset.

        Raises:
            TrmbenchError: something else is in its place.
        """
        return below(self.root, dataset)

    # --- writing ---

    def write(
        self,
        dataset: str,
        name: str,
        rows: Rows,
    ) -> None:
        """Write one file of a dataset, replacing what it held.

        Args:
            dataset: "trials", "curves", "puzzles", "depths" or "votes".
            name: the file's name without suffix.
            rows: dictionaries, or columns by name; missing columns become null.
        """
        write_table(self.folder(dataset), dataset, name, _table(SCHEMAS[dataset], rows))

    def remove(self, dataset: str, name: str) -> None:
        """Delete one file of a dataset, if there is one."""
        [path] = self.paths(dataset, [name])
        if path.exists():
            delete(path)

    def write_trial(self, trial: Trial, fields: Mapping[str, Any]) -> None:
        """Write a trial's row: its names, its configuration, and the given columns."""
        row = {name: getattr(trial, name) for name in _TRIAL_NAMES}
        row |= {
            "label": trial.cell_label,
            "overrides": json.dumps(trial.overrides),
            "config": json.dumps(trial.config),
            "votes": trial.config["evaluation"]["votes"],
            "finished_at": datetime.now(UTC),
        }
        self.write("trials", trial.name, [{**row, **fields}])

    # --- reading ---

    def read(
        self, dataset: str, columns: Sequence[str] | None = None, names: Iterable[str] | None = None
    ) -> pa.Table:
        """The rows of a dataset; files that cannot be believed are warned of and left out.

        Args:
            dataset: "trials", "curves", "puzzles", "depths" or "votes".
            columns: the columns wanted; None = all.
            names: the files wanted, without suffix; None = all.

        Raises:
            TrmbenchError: the dataset's folder cannot be read.
        """
        names = self.names(dataset) if names is None else names
        schema = _schema(dataset, columns or SCHEMAS[dataset].names)
        if dataset == "trials":
            return pa.Table.from_pylist(self._rows(names), schema)
        found = [table for table in self.each(dataset, schema.names, names) if table is not None]
        # `empty_table` would load pandas, which takes half a second.
        return pa.concat_tables(found) if found else pa.Table.from_batches([], schema)

    def names(self, dataset: str) -> list[str]:
        """The names, without suffix, of the files of a dataset."""
        return [path.stem for path in listing(self.folder(dataset), SUFFIX)]

    def each(
        self, dataset: str, columns: Sequence[str], names: Iterable[str]
    ) -> Iterator[pa.Table | None]:
        """File by file the columns of "curves", "puzzles", "depths" or "votes".

        None stands for a file that is missing, and for one that is damaged, which is warned of.
        """
        schema = _schema(dataset, columns)
        return self._each(
            dataset, names, lambda path: read_table(path, dataset, schema, self._known)
        )

    def paths(self, dataset: str, names: Iterable[str]) -> list[Location]:
        """The files of a dataset by these names, whether they are there or not."""
        folder = self.folder(dataset)
        return [folder / f"{name}{SUFFIX}" for name in names]

    def _rows(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [row for row in self._each("trials", names, read_row) if row is not None]

    def _each(
        self, dataset: str, names: Iterable[str], read: Callable[[Location], Content[T]]
    ) -> Iterator[T | None]:
        """Read files side by side; what is missing is None, and what is damaged likewise."""
        for path, content in side_by_side(self.paths(dataset, names), read):
            if isinstance(content, Damaged):
                self.skip(path, content.reason)
            elif content is not None:
                self._check_version(path, content.version)
            yield content.found if isinstance(content, Content) else None

    def skip(self, path: Location, reason: str) -> None:
        """Say once that a file is left out."""
        self._warnings.once(path, f"skipped {path}, which is damaged: {reason}")

    def _check_version(self, path: Location, version: str) -> None:
        """Warn once per dataset of files whose schema is not today's."""
        if version != str(SCHEMA_VERSION):
            self._warnings.once(
                (path.parent, version),
                f"{path.parent} holds files of schema version {version:.20}, not {SCHEMA_VERSION};"
                f" columns they lack are empty (such as {path.name})",
            )

    def trials(self, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The trials' rows, oldest first; `names` as for `read`."""
        rows = self._rows(self.names("trials") if names is None else names)
        return sorted(rows, key=lambda row: str(row["started_at"]))

    def names_of(self, trial_ids: Iterable[str]) -> list[str]:
        """The names of the rows of all evaluations of these trials."""
        wanted = set(trial_ids)
        return [name for name in self.names("trials") if name.partition("-")[0] in wanted]

    def finished(self, names: Iterable[str]) -> set[str]:
        """Which of these, named by trial and evaluation, are finished."""
        return {row_name(row) for row in self.trials(names) if row["status"] == FINISHED}

    def done(self, trials: Iterable[Trial]) -> set[str]:
        """Name the trials that are finished, with a depth curve as long as they ask for."""
        asked = {trial.name: trial for trial in trials}
        return {row_name(row) for row in self.trials(asked) if is_done(asked[row_name(row)], row)}

    def trial_of(self, row: Mapping[str, Any]) -> Trial:
        """The trial that a row of `trials` is about."""
        return Trial(
            **{name: row[name] for name in _TRIAL_NAMES},
            config=json.loads(row["config"]),
            overrides=json.loads(row["overrides"] or "{}"),
            results=self.address,
            cell_label=row["label"],
        )

    def find_trial(self, start: str) -> list[dict[str, Any]]:
        """The rows of the one trial whose id begins so.

        Raises:
            TrmbenchError: there is none, or several trials share that beginning.
        """
        rows = [row for row in self.trials() if row["trial_id"].startswith(start)]
        return _of_one_trial(rows, start, self.root)


def _of_one_trial(rows: list[dict[str, Any]], start: str, root: Location) -> list[dict[str, Any]]:
    """The rows, if they are of one trial; raises as `find_trial`."""
    ids = {row["trial_id"] for row in rows}
    if not ids:
        raise TrmbenchError(
            f"no trial {start!r} in {root}", "`trmbench show` lists the trials there"
        )
    if len(ids) > 1:
        raise TrmbenchError(f"{start!r} may be any of {', '.join(sorted(ids))}", "type more of it")
    return rows


def is_done(trial: Trial, row: Mapping[str, Any]) -> bool:
    """Whether a trial's row is finished, with a depth curve as long as the trial asks for."""
    asked = trial.config["evaluation"].get("depth") or 0
    return bool(row["status"] == FINISHED and asked <= _deepest(row))


def _deepest(row: Mapping[str, Any]) -> float:
    """Find where the depth curve of a finished trial ends; infinity if its model has none."""
    return max((point["depth"] for point in row["by_depth"] or ()), default=math.inf)


def _table(schema: pa.Schema, rows: Rows) -> pa.Table:
    """A table of a schema; columns that the rows lack are null."""
    if not isinstance(rows, Mapping):
        return pa.Table.from_pylist(list(rows), schema=schema)
    count = len(next(iter(rows.values())))
    missing = {
        field.name: pa.nulls(count, field.type) for field in schema if field.name not in rows
    }
    return pa.Table.from_pydict({**missing, **rows}, schema=schema)


def _schema(dataset: str, columns: Iterable[str]) -> pa.Schema:
    return pa.schema([SCHEMAS[dataset].field(name) for name in columns])
