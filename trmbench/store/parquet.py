"""One Parquet file of a dataset: it says whose it is and what it holds, and is asked when read.

Files of versions that did not say so are checked by their columns `trial_id` and `evaluation_id`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trmbench.errors import TrmbenchError
from trmbench.spec.ids import is_id
from trmbench.store.atomic import replace_file
from trmbench.store.digests import digest
from trmbench.store.files import Damaged, read_bytes, reason_of
from trmbench.store.location import Location
from trmbench.store.schemas import MOST_BYTES, MOST_ROWS, NEEDED, SCHEMA_VERSION, SCHEMAS
from trmbench.store.trial_rows import checksum, from_columns, from_text, to_text

SUFFIX = ".parquet"
_VERSION, _DATASET, _CONTENT = "trmbench_schema", "trmbench_dataset", "trmbench_content"
_ROW = "trmbench_row"
T = TypeVar("T")
Known: TypeAlias = dict[str, tuple[str, pa.ChunkedArray]]
"""Columns with their digests, by name."""
_ALIKE = ("puzzle_id", "group")
"""Columns that are the same in most files of a task."""
_OWNERS = ("trial_id", "evaluation_id")


class Content(NamedTuple, Generic[T]):
    """What was read of a file, and the version of its schema."""

    found: T
    version: str


def owners(dataset: str, name: str) -> dict[str, str]:
    """Trial and evaluation by a file's name without suffix; learning curves have no evaluation.

    Raises:
        TrmbenchError: the name is not one of a file of the dataset.
    """
    columns = _OWNERS[: 1 if dataset == "curves" else 2]
    ids = name.split("-")
    if len(ids) != len(columns) or not all(map(is_id, ids)):
        raise TrmbenchError(f"{name!r:.60} is not the name of a file in {dataset}/")
    return dict(zip(columns, ids, strict=True))


def write_table(folder: Location, dataset: str, name: str, table: pa.Table) -> None:
    """Write a file of a dataset, whole or not at all, with its owner and its content's digests.

    Args:
        folder: of the dataset.
        dataset: its name.
        name: the file's name without suffix: the trial's id, and the evaluation's.
        table: all columns of the dataset's schema.

    Raises:
        TrmbenchError: it cannot be written, or the name is none of a file of the dataset.
    """
    named = {f"trmbench_{column}": value for column, value in owners(dataset, name).items()}
    said = {_VERSION: str(SCHEMA_VERSION), _DATASET: dataset, **named}
    if dataset == "trials":
        said |= {_ROW: (text := to_text(table)), _CONTENT: checksum(text)}
    else:
        digests = {column: digest(table[column]) for column in table.column_names}
        said[_CONTENT] = json.dumps(digests)
    replace_file(folder / f"{name}{SUFFIX}", lambda path: _write(table, said, path))


def _write(table: pa.Table, said: Mapping[str, str], path: Path) -> None:
    """Write a table with what is said about it.

    Statistics, and Arrow's own copy of the schema and of what is said, would be most of a file of
    one row; all types are Parquet's.
    """
    schema = table.schema.remove_metadata()
    with pq.ParquetWriter(
        path, schema, compression="zstd", write_statistics=False, store_schema=False
    ) as file:
        file.write_table(table.cast(schema))
        file.add_key_value_metadata(said)


def read_table(
    path: Location, dataset: str, wanted: pa.Schema, known: Known | None = None
) -> Content[pa.Table]:
    """The wanted columns of a file, null where the file lacks them.

    Args:
        path: the file.
        dataset: its dataset.
        wanted: the columns.
        known: the puzzles of the file read before, which are not unpacked again where this file
            has the same; gets those of this file.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not what was written, belongs elsewhere, or claims more than is plausible.
    """
    return _guarded(path, lambda: _read(path, dataset, wanted, {} if known is None else known))


def read_row(path: Location) -> Content[dict[str, Any]]:
    """The row of a file of the dataset "trials".

    Raises:
        FileNotFoundError: there is none.
        Damaged: as with `read_table`.
    """
    return _guarded(path, lambda: _read_row(path))


def _guarded(path: Location, read: Callable[[], T]) -> T:
    try:
        return read()
    except (Damaged, FileNotFoundError):
        raise
    except TrmbenchError as error:
        raise Damaged(path, error.message) from None
    except Exception as error:  # of a damaged file anything may come
        raise Damaged(path, reason_of(error)) from error


def _read_row(path: Location) -> Content[dict[str, Any]]:
    content = pa.py_buffer(read_bytes(path))
    if content.size > MOST_BYTES["trials"]:
        raise TrmbenchError(f"its row takes {content.size:,} bytes")
    said = _said(pq.read_metadata(pa.BufferReader(content)).metadata)
    _check_owner(said, "trials", owners("trials", path.stem))
    if _ROW in said:
        if checksum(said[_ROW]) != said[_CONTENT]:
            raise TrmbenchError("its row is not what was written")
        return Content(from_text(said[_ROW]), said[_VERSION])
    table, version = _read(path, "trials", SCHEMAS["trials"], {})
    return Content(from_columns(table), version)


def _said(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    own = b"trmbench_"
    return {k.decode(): v.decode() for k, v in (metadata or {}).items() if k.startswith(own)}


def _read(path: Location, dataset: str, wanted: pa.Schema, known: Known) -> Content[pa.Table]:
    owner = owners(dataset, path.stem)
    content = pa.py_buffer(read_bytes(path))
    file = pq.ParquetFile(pa.BufferReader(content))
    stored = file.schema_arrow
    said = _said(stored.metadata)
    _check_owner(said, dataset, owner)
    if missing := set(NEEDED[dataset]) - set(stored.names):
        raise TrmbenchError(f"it has no column {min(missing)}")
    by_columns = {} if _CONTENT in said else owner
    names = [name for name in {**dict.fromkeys(wanted.names), **by_columns} if name in stored.names]
    written = {} if by_columns else json.loads(said[_CONTENT])
    alike = {n: known[n][1] for n in names if n in known and known[n][0] == written.get(n)}
    alike = {n: column for n, column in alike.items() if len(column) == file.metadata.num_rows}
    names = [name for name in names if name not in alike]
    _check_claims(file, content, dataset, names)
    table = file.read(names, use_threads=False)
    _check_columns(table, by_columns)
    if not by_columns:
        _check_content(table, written)
    for name, column in alike.items():
        table = table.append_column(name, column)
    known |= {n: (written[n], table[n]) for n in _ALIKE if n in written and n in table.column_names}
    table = _as_today(table, wanted)
    _check_values(table, dataset)
    return Content(table, said.get(_VERSION, "none"))


def _as_today(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The columns in today's types, null where the file lacks them."""
    if table.schema.equals(wanted):
        return table
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(columns, schema=wanted)


def _check_values(table: pa.Table, dataset: str) -> None:
    """Refuse texts that are none, and rows without what makes them one."""
    table.validate(full=True)
    for name in NEEDED[dataset]:
        if name in table.column_names and table[name].null_count:
            raise TrmbenchError(f"{table[name].null_count:,} of its rows have no {name}")


def _check_owner(metadata: Mapping[str, str], dataset: str, owner: Mapping[str, str]) -> None:
    """Refuse a file that says that it belongs elsewhere."""
    wanted = {_DATASET: dataset, **{f"trmbench_{key}": value for key, value in owner.items()}}
    for key, value in wanted.items():
        said = metadata.get(key, value)
        if said != value:
            what = key.removeprefix("trmbench_").removesuffix("_id")
            raise TrmbenchError(f"it belongs to {what} {said:.40}")


def _check_columns(table: pa.Table, owner: Mapping[str, str]) -> None:
    """The same for a file that does not say, by its columns."""
    for name, value in owner.items():
        others = [said for said in pc.unique(table[name]).to_pylist() if said != value]
        if others:
            raise TrmbenchError(f"it belongs to {name.removesuffix('_id')} {others[0]!s:.40}")


def _check_claims(
    file: pq.ParquetFile, content: pa.Buffer, dataset: str, names: Collection[str]
) -> None:
    """Refuse a file that would fill the memory before any of it is unpacked."""
    rows, most = file.metadata.num_rows, MOST_BYTES[dataset]
    if not 0 < rows <= MOST_ROWS[dataset]:
        raise TrmbenchError(f"it claims {rows:,} rows")
    for group in map(file.metadata.row_group, range(file.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            name, size = column.path_in_schema.partition(".")[0], column.total_uncompressed_size
            if name not in names:
                continue
            if size > most or column.num_values > most:
                raise TrmbenchError(f"its column {name} claims {size:,} bytes")
            # A dictionary stores a value once, however many rows have it.
            is_text = column.physical_type == "BYTE_ARRAY"
            if is_text and rows * size > most and _unpacked(content, name) > most:
                raise TrmbenchError(f"its column {name} claims more than {most:,} bytes")


def _unpacked(content: pa.Buffer, name: str) -> int:
    """Bytes of a column of texts once every row has its own."""
    column = pq.ParquetFile(pa.BufferReader(content), read_dictionary=[name]).read([name])[name]
    lengths = [pc.take(pc.binary_length(c.dictionary), c.indices) for c in column.chunks]
    return sum(pc.sum(length.cast(pa.int64())).as_py() or 0 for length in lengths)


def _check_content(table: pa.Table, written: Mapping[str, str]) -> None:
    """Refuse what is not what was written."""
    for name in table.column_names:
        if digest(table[name]) != written[name]:
            raise TrmbenchError(f"its {name} is not what was written")
