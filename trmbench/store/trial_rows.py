"""The row of a trial as text in its file's footer, next to its columns.

To open 35 columns of one value each takes ten times as long, and a comparison reads thousands of
rows. Other programs see the columns alone.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from trmbench.store.plain_json import parse
from trmbench.store.rows import problem
from trmbench.store.schemas import SCHEMAS

_SCHEMA = SCHEMAS["trials"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = [field.name for field in _SCHEMA if pa.types.is_timestamp(field.type)]
_OTHERS = [name for name in _SCHEMA.names if name not in _TIMES]
_PYTHON: dict[pa.DataType, tuple[type, ...]] = {
    pa.string(): (str,),
    pa.int64(): (int,),
    pa.float64(): (float, int),
}
_KINDS = {
    field.name: (list,) if pa.types.is_list(field.type) else _PYTHON.get(field.type, (int,))
    for field in _SCHEMA
}
"""Of the values as JSON has them; times are microseconds since 1970."""


def to_text(table: pa.Table) -> str:
    """The only row of a table with all columns of a trial."""
    return json.dumps(_plain(table))


def from_text(text: str) -> dict[str, Any]:
    """The row that `to_text` wrote.

    Raises:
        ValueError: it is none, or none that can be believed.
    """
    row = parse(text)
    if not isinstance(row, dict) or set(row) - set(_KINDS):
        raise ValueError("its row has unknown columns")
    for name, value in row.items():
        if value is not None and type(value) not in _KINDS[name]:
            raise ValueError(f"its {name} is of another type")
    return _believed({**dict.fromkeys(_KINDS), **row})


def from_columns(table: pa.Table) -> dict[str, Any]:
    """The only row of a table with all columns of a trial.

    Raises:
        ValueError: it is none that can be believed.
    """
    return _believed(_plain(table))


def checksum(text: str) -> str:
    """16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(table: pa.Table) -> dict[str, Any]:
    """The values, times as numbers: pyarrow would load pandas to make Python's of them."""
    [row] = table.select(_OTHERS).to_pylist()
    times = {name: table[name].cast(pa.int64()).to_pylist()[0] for name in _TIMES}
    return {**row, **times}


def _believed(row: dict[str, Any]) -> dict[str, Any]:
    if found := problem(row):
        raise ValueError(found)
    return {**row, **{name: _time(row[name]) for name in _TIMES}}


def _time(micros: int | None) -> datetime | None:
    """A time; None where there is none, or none that a calendar has."""
    try:
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None
