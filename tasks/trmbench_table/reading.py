"""Rows of a table as texts, with the line of each; what cannot be one is counted and named."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from trmbench import TrmbenchError

SHOWN = 10
"""Bad rows that are named; all of them are counted."""
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Row(NamedTuple):
    """A question with its answer."""

    file: Path
    line: int
    """Of the file, counted from 1; of a Parquet file the row."""
    question: str
    answer: str
    kind: str = ""
    """The value of the column that `task.split_by` names."""


@dataclass
class BadRows:
    """The rows of some files that cannot be used."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, file: Path, line: int, reason: str) -> None:
        """Count a row, and keep its place and reason if it is among the first."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(f"{file.name} line {line}: {reason}")

    def refuse(self, folder: Path) -> None:
        """Raise a `TrmbenchError` that names them, if there are any."""
        if self.count:
            more = "" if self.count <= SHOWN else f"; and {self.count - SHOWN:,} more"
            plural = "s" if self.count > 1 else ""
            raise TrmbenchError(
                f"{folder} has {self.count:,} bad row{plural}: {'; '.join(self.first)}{more}",
                "correct or remove them",
            )


def read_rows(file: Path, columns: Sequence[str], bad: BadRows) -> list[Row]:
    """The rows of a file that can be used.

    Args:
        file: CSV, TSV, JSONL or Parquet.
        columns: the names of the columns of questions and answers, and of the kind if any.
        bad: gets the others.

    Raises:
        TrmbenchError: it cannot be read, it lacks a column, or it has no rows.
    """
    read = {".jsonl": _jsonl, ".parquet": _parquet}.get(file.suffix.lower(), _csv)
    rows = []
    try:
        for line, values in read(file, columns, bad):
            problem = next(filter(None, map(_problem, columns, values)), None)
            if problem is None:
                rows.append(Row(file, line, *map(_text, values)))
            else:
                bad.add(file, line, problem)
    except UnicodeDecodeError as error:
        raise TrmbenchError(f"{file} is not UTF-8: {error.reason}", "save it as UTF-8") from error
    except OSError as error:
        raise TrmbenchError(f"{file} cannot be read: {error.strerror or error}") from error
    if not rows and not bad.count:
        raise TrmbenchError(f"{file} has no puzzles", "it needs at least one row")
    return rows


def _problem(column: str, value: Any) -> str | None:
    """Why a value is no text of a puzzle."""
    if value is None:
        return f"no {column}"
    if not isinstance(value, str | int | float | list) or isinstance(value, bool):
        return f"its {column} is {type(value).__name__}, neither text nor list"
    return f"its {column} is empty" if value == "" or value == [] else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


Values = Iterator[tuple[int, tuple[Any, ...]]]


def _csv(file: Path, columns: Sequence[str], bad: BadRows) -> Values:
    with file.open(encoding="utf-8-sig", newline="") as content:
        first = content.readline()
        content.seek(0)
        suffix = file.suffix.lower()
        delimiter = ";" if suffix == ".csv" and ";" in first and "," not in first else None
        rows = csv.reader(content, delimiter=delimiter or _DELIMITERS[suffix], strict=True)
        header = _next(rows, file, bad) or []
        places = _places(file, [name.strip() for name in header], columns)
        while True:
            line = rows.line_num + 1
            found = _next(rows, file, bad)
            if found is None:
                return
            if len(found) == len(header):
                yield line, tuple(found[place] for place in places)
            elif found:  # an empty line is none
                bad.add(file, line, f"{len(found)} columns instead of {len(header)}")


def _next(rows: Any, file: Path, bad: BadRows) -> list[str] | None:
    """The next row; None at the end. One that cannot be parsed is bad, and counts as empty."""
    try:
        found: list[str] | None = next(rows, None)
        return found
    except csv.Error as error:
        bad.add(file, rows.line_num, str(error))
        return []


def _places(file: Path, header: list[str], columns: Sequence[str]) -> list[int]:
    """Where the columns are."""
    for key, name in zip(("question", "answer", "split_by"), columns, strict=False):
        if name not in header:
            raise TrmbenchError(
                f"{file} has no column {name!r}; it has {', '.join(header) or 'none'}",
                f"name it in its first line, or use --set task.{key}=NAME",
            )
        if header.count(name) > 1:
            raise TrmbenchError(f"{file} has {header.count(name)} columns {name!r}", "keep one")
    return [header.index(name) for name in columns]


def _jsonl(file: Path, columns: Sequence[str], bad: BadRows) -> Values:
    seen = False
    with file.open(encoding="utf-8-sig") as content:
        for line, text in enumerate(content, start=1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except (ValueError, RecursionError) as error:
                bad.add(file, line, f"no JSON: {str(error).splitlines()[0]}")
                continue
            if not isinstance(values, dict):
                bad.add(file, line, "no JSON object")
                continue
            if not seen and not any(name in values for name in columns):
                _places(file, list(values), columns)
            seen = True
            yield line, tuple(values.get(name) for name in columns)


def _parquet(file: Path, columns: Sequence[str], bad: BadRows) -> Values:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        content = parquet.ParquetFile(file)
        _places(file, content.schema_arrow.names, columns)
        line = 0
        for batch in content.iter_batches(columns=list(columns)):
            values = (batch.column(name).to_pylist() for name in columns)
            yield from enumerate(zip(*values, strict=True), start=line + 1)
            line += batch.num_rows
    except pa.ArrowException as error:
        raise TrmbenchError(f"{file} is no Parquet file: {str(error).splitlines()[0]}") from error
