"""The results folder: Parquet datasets, one file per trial and evaluation.

A reader meets either the whole file or none (`trmbench.store.atomic`). A file that a crash damaged
all the same is named and skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trmbench.errors import TrmbenchError
from trmbench.spec import Trial
from trmbench.spec.status import FINISHED
from trmbench.store.atomic import replace_file, write_text
from trmbench.store.location import Location, ObjectPath, location
from trmbench.store.schemas import SCHEMA_VERSION, SCHEMAS

REQUESTS_AT_ONCE = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIAL_NAMES = ("trial_id", "evaluation_id", "cell_id", "model", "task", "preset", "seed")


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
        self._warn = warn
        self._damaged: set[Location] = set()
        self._versions: set[tuple[Location, str]] = set()

    def ensure_writable(self) -> None:
        """Make the folder.

        Raises:
            TrmbenchError: it cannot be made or written to.
        """
        probe = self.root / f".writable-{os.getpid()}"
        if isinstance(probe, ObjectPath):
            write_text(probe, "")
            return probe.unlink()
        try:
            probe.parent.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise TrmbenchError(
                f"cannot write to the results folder {self.root}: {error.strerror}",
                "choose another with --results DIR",
            ) from error

    @property
    def address(self) -> str:
        """The root as every process knows it, whatever its working directory."""
        return str(self.root.absolute())

    def checkpoints(self, trial_id: str) -> Location:
        """The folder of a trial's checkpoints and final weights."""
        return self.root / "checkpoints" / trial_id

    # --- writing ---

    def write(
        self,
        dataset: str,
        name: str,
        rows: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
    ) -> None:
        """Write one file of a dataset, replacing what it held.

        Args:
            dataset: "trials", "curves", "puzzles" or "votes".
            name: the file's name without suffix.
            rows: dictionaries, or columns by name; missing columns become null.
        """
        schema = SCHEMAS[dataset].with_metadata({"trmbench_schema": str(SCHEMA_VERSION)})
        table = (
            pa.Table.from_pydict(dict(rows), schema=schema)
            if isinstance(rows, Mapping)
            else pa.Table.from_pylist(list(rows), schema=schema)
        )
        replace_file(
            self.root / dataset / f"{name}.parquet",
            lambda path: pq.write_table(table, path, compression="zstd"),
        )

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
        """The rows of a dataset; files that cannot be read are warned of and left out.

        Args:
            dataset: "trials", "curves", "puzzles" or "votes".
            columns: the columns wanted; None = all.
            names: the files wanted, without suffix; None = all.
        """
        folder = self.root / dataset
        paths: list[Location] = (
            sorted(folder.glob("*.parquet"))
            if names is None
            else [path for name in names if (path := folder / f"{name}.parquet").exists()]
        )
        wanted = pa.schema(
            [SCHEMAS[dataset].field(name) for name in columns or SCHEMAS[dataset].names]
        )
        read = partial(self._read_file, wanted=wanted)
        if isinstance(folder, Path):
            found = list(map(read, paths))
        else:  # a request takes longer than what it brings
            with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
                found = list(pool.map(read, paths))
        tables = [table for table in found if table is not None]
        # `empty_table` would load pandas, which takes half a second.
        return pa.concat_tables(tables) if tables else pa.Table.from_batches([], wanted)

    def _read_file(self, path: Location, wanted: pa.Schema) -> pa.Table | None:
        try:
            is_local = isinstance(path, Path)
            file = pq.ParquetFile(path if is_local else pa.BufferReader(path.read_bytes()))
            there = set(file.schema_arrow.names)
            table = file.read([name for name in wanted.names if name in there])
            columns = [
                table[field.name].cast(field.type)
                if field.name in there
                else pa.nulls(file.metadata.num_rows, field.type)
                for field in wanted
            ]
        except (pa.ArrowException, OSError) as error:
            if path not in self._damaged:
                self._damaged.add(path)
                self._warn(
                    f"skipped {path}, which is damaged: {' '.join(str(error).split())[:120]}"
                )
            return None
        self._check_version(path, file.schema_arrow.metadata)
        return pa.Table.from_arrays(columns, schema=wanted)

    def _check_version(self, path: Location, metadata: Mapping[bytes, bytes] | None) -> None:
        """Warn once per dataset of files whose schema is not today's."""
        version = (metadata or {}).get(b"trmbench_schema", b"none").decode()
        if version != str(SCHEMA_VERSION) and (path.parent, version) not in self._versions:
            self._versions.add((path.parent, version))
            self._warn(
                f"{path.parent} holds files of schema version {version}, not {SCHEMA_VERSION};"
                f" columns they lack are empty (such as {path.name})"
            )

    def trials(self, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The trials' rows, oldest first; `names` as for `read`."""
        table = self.read("trials", names=names)
        columns = {name: _plain(table[name]) for name in table.column_names}
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
        return sorted(rows, key=lambda row: str(row["started_at"]))

    def is_finished(self, trial: Trial) -> bool:
        """Whether the row of a trial says that it is finished."""
        rows = self.read("trials", ["status"], [trial.name])
        statuses: list[str] = rows["status"].to_pylist()
        return statuses == [FINISHED]

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
        ids = {row["trial_id"] for row in rows}
        if not ids:
            raise TrmbenchError(
                f"no trial {start!r} in {self.root}", "`trmbench show` lists the trials there"
            )
        if len(ids) > 1:
            raise TrmbenchError(
                f"{start!r} may be any of {', '.join(sorted(ids))}", "type more of it"
            )
        return rows


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; pyarrow would load pandas to make a time."""
    if not pa.types.is_timestamp(column.type):
        values: list[Any] = column.to_pylist()
        return values
    micros = column.cast(pa.int64()).to_pylist()
    return [None if m is None else _EPOCH + timedelta(microseconds=m) for m in micros]
