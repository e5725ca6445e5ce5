"""Files of predictions that were made elsewhere: NPZ, CSV, JSONL and Parquet, as columns.

Columns: `puzzle_id`, or the question as `question` or `question_tokens`; the answer as `answer` or
`answer_tokens`; optionally `second` (a second attempt), `candidates` (both as texts, or as tokens
with `_tokens` behind their names), `confidence`, `cost` and `abstained`. Arrays of an NPZ file have
a row for each prediction.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trmbench.errors import TrmbenchError, shown, unknown

WRITTEN = ("question", "answer", "second", "candidates")
"""Columns that may be written as texts or as tokens."""
KNOWN = (
    "puzzle_id",
    *WRITTEN,
    *(f"{name}_tokens" for name in WRITTEN),
    "confidence",
    "cost",
    "abstained",
)
Column = Sequence[Any] | np.ndarray
Columns = Mapping[str, Column]


def read_columns(path: Path) -> Columns:
    """Read a file of predictions.

    Raises:
        TrmbenchError: it cannot be read, or has no predictions in columns that are known.
    """
    readers: dict[str, Callable[[Path], Columns]] = {
        ".npz": _npz,
        ".csv": _csv,
        ".jsonl": _jsonl,
        ".parquet": _parquet,
    }
    read = readers.get(path.suffix.lower())
    if read is None:
        raise TrmbenchError(f"{path} is no file of predictions", f"use {', '.join(readers)}")
    try:
        columns = read(path)
    except OSError as error:
        reason = error.strerror or str(error).partition("\n")[0]
        raise TrmbenchError(f"{path} cannot be read: {reason}", "check the path") from error
    _require_known(path, columns)
    return columns


def _require_known(path: Path, columns: Columns) -> None:
    strange = [name for name in columns if name not in KNOWN]
    if strange:
        raise unknown(f"column in {path}:", strange[0], KNOWN)
    for choice in (("puzzle_id", "question", "question_tokens"), ("answer", "answer_tokens")):
        there = [name for name in choice if name in columns]
        if len(there) != 1:
            found = " and ".join(there) if there else f"none of {', '.join(choice)}"
            raise TrmbenchError(f"{path} has {found}", f"it needs one of {', '.join(choice)}")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise TrmbenchError(f"{path} has columns of different lengths: {each}", "save it again")
    if not any(lengths.values()):
        raise TrmbenchError(f"{path} has no predictions", "it needs at least one row")


def _npz(path: Path) -> Columns:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: np.asarray(arrays[name]) for name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise TrmbenchError(f"{path} is no NPZ file of plain arrays: {error}") from error
    flat = [name for name, array in found.items() if array.ndim == 0]
    if flat:
        raise TrmbenchError(f"{path} has {flat[0]!r} without rows", "save an array")
    return found


def _csv(path: Path) -> Columns:
    import pyarrow as pa
    from pyarrow import csv

    try:
        with path.open("rb") as file:
            names = csv.read_csv(file).column_names
        texts = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        )
        return {n: c.to_pylist() for n, c in _columns(csv.read_csv(path, convert_options=texts))}
    except pa.ArrowInvalid as error:
        raise TrmbenchError(f"{path} is no CSV file: {str(error).splitlines()[0]}") from error


def _columns(table: Any) -> list[tuple[str, Any]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _jsonl(path: Path) -> Columns:
    rows = []
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise TrmbenchError(f"{path}, line {number}: no JSON: {error}") from None
            if not isinstance(row, dict):
                raise TrmbenchError(f"{path}, line {number}: {shown(row)} is no JSON object")
            rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _parquet(path: Path) -> Columns:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return {name: column.to_pylist() for name, column in _columns(parquet.read_table(path))}
    except pa.ArrowException as error:
        raise TrmbenchError(f"{path} is no Parquet file: {str(error).splitlines()[0]}") from error
