"""Read puzzle files: CSV with the columns source, question, answer, rating, one puzzle a line.

This is the layout of the published Sudoku-Extreme and Maze-Hard files (arXiv 2506.21734).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from trmbench.errors import TrmbenchError, shown
from trmbench.puzzles.splits import Puzzles

COLUMNS = ("source", "question", "answer", "rating")
_UNKNOWN = 255
_BLOCK_BYTES = 1 << 21  # so that a block's arrays fit the processor's cache
_SPARE_ROWS = 1 << 18


@dataclass(frozen=True)
class PuzzleFormat:
    """The characters of a file, and the tokens that they stand for."""

    length: int
    """Characters of a question and of an answer."""
    question: str
    """Characters of a question; the token of each is in `tokens`."""
    answer: str
    """Characters of an answer."""
    tokens: dict[str, int]
    """Token of each character."""
    faulty: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """(N,) bool: which answers (N, L) are no answers to their questions (N, L)."""
    fault: str
    """What is wrong with such answers, for people."""


def read_puzzles(path: Path, layout: PuzzleFormat, count: int | None, seed: int) -> Puzzles:
    """Read and check every puzzle of a file, block by block, and keep `count` random ones of them.

    Every puzzle draws a number, the smallest numbers stay: memory grows with `count` only, and
    fewer puzzles of one seed are a subset of more. The order is the file's. None keeps all.

    Raises:
        TrmbenchError: names the file, the line and what is wrong with it.
    """
    _check_header(path)
    draw = np.random.default_rng(seed)
    kept: list[tuple[np.ndarray, Puzzles]] = []
    try:
        with arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(block_size=_BLOCK_BYTES),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=["question", "answer"],
                column_types={"question": pa.string(), "answer": pa.string()},
                strings_can_be_null=False,
            ),
        ) as reader:
            for puzzles in _encoded(reader, path, layout):
                kept.append((draw.random(len(puzzles.inputs)), puzzles))
                if count and sum(len(numbers) for numbers, _ in kept) > count + _SPARE_ROWS:
                    kept = [_smallest(kept, count)]
    except pa.ArrowInvalid as error:
        raise _ragged(path, error) from error
    except OSError as error:
        raise TrmbenchError(f"{path} cannot be read: {error}") from error
    if not kept:
        raise TrmbenchError(f"{path} has no puzzles", "it has a header only")
    numbers, puzzles = _smallest(kept, count)
    if count and len(numbers) < count:
        raise TrmbenchError(
            f"{path} has {len(numbers)} puzzles, {count} are asked for",
            "lower task.train_puzzles or task.test_puzzles",
        )
    return puzzles


def _smallest(
    kept: list[tuple[np.ndarray, Puzzles]], count: int | None
) -> tuple[np.ndarray, Puzzles]:
    """The `count` puzzles with the smallest numbers, in their order."""
    numbers = np.concatenate([numbers for numbers, _ in kept])
    parts = zip(*(puzzles for _, puzzles in kept), strict=True)
    puzzles = Puzzles(*(np.concatenate(arrays) for arrays in parts))
    if count is None:
        return numbers, puzzles
    rows = np.sort(numbers.argsort(kind="stable")[:count])
    return numbers[rows], puzzles.select(rows)


def _encoded(
    batches: Iterator[pa.RecordBatch], path: Path, layout: PuzzleFormat
) -> Iterator[Puzzles]:
    """The puzzles of each block of the file, checked."""
    question = _lookup(layout.question, layout.tokens)
    answer = _lookup(layout.answer, layout.tokens)
    first = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        inputs = _tokens(batch.column("question"), "question", question, first, path, layout)
        labels = _tokens(batch.column("answer"), "answer", answer, first, path, layout)
        faulty = layout.faulty(inputs, labels)
        if faulty.any():
            raise _at_line(path, first + int(faulty.argmax()), layout.fault)
        first += batch.num_rows
        yield Puzzles(inputs, labels)


def _tokens(
    column: pa.StringArray, name: str, lookup: bytes, first: int, path: Path, layout: PuzzleFormat
) -> np.ndarray:
    """(N, L) tokens of one column; `first` is the row number of its first puzzle."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    wrong = np.diff(offsets) != layout.length
    if not wrong.any():
        data = memoryview(column.buffers()[2])[offsets[0] : offsets[-1]]
        tokens = np.frombuffer(bytes(data).translate(lookup), np.uint8)
        tokens = tokens.reshape(-1, layout.length)
        if tokens.max(initial=0) != _UNKNOWN:
            return tokens
        wrong = (tokens == _UNKNOWN).any(axis=1)
    row = int(wrong.argmax())
    raise _at_line(path, first + row, _complaint(column[row].as_py(), name, lookup, layout.length))


def _complaint(text: str, name: str, lookup: bytes, length: int) -> str:
    """Say what is wrong with a question or answer."""
    if len(text) != length:
        return f"the {name} has {len(text)} characters instead of {length}"
    unknown = (ord(character) > 255 or lookup[ord(character)] == _UNKNOWN for character in text)
    position = list(unknown).index(True)
    return f"the {name} has {text[position]!r} at position {position + 1}"


def _lookup(characters: str, tokens: dict[str, int]) -> bytes:
    """The token of each of the 256 bytes."""
    table = bytearray([_UNKNOWN] * 256)
    for character in characters:
        table[ord(character)] = tokens[character]
    return bytes(table)


def _check_header(path: Path) -> None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except FileNotFoundError as error:
        raise TrmbenchError(f"{path} does not exist", "it needs train.csv and test.csv") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrmbenchError(f"{path} cannot be read: {error}") from error
    if tuple(header) != COLUMNS:
        raise TrmbenchError(
            f"{path}, line 1: the header is {shown(','.join(header))}",
            f"it must be {','.join(COLUMNS)}",
        )


def _ragged(path: Path, error: pa.ArrowInvalid) -> TrmbenchError:
    """The error for a file whose rows do not have four columns."""
    for line, row in _rows(path):
        if len(row) != len(COLUMNS):
            return TrmbenchError(
                f"{path}, line {line}: {len(row)} columns instead of {len(COLUMNS)}",
                f"each line must be {','.join(COLUMNS)}",
            )
    return TrmbenchError(f"{path} cannot be read: {str(error).splitlines()[0]}")


def _at_line(path: Path, row: int, message: str) -> TrmbenchError:
    """The error for a puzzle; the slow search for its line happens only here."""
    lines = (line for number, (line, _) in enumerate(_rows(path)) if number == row + 1)
    return TrmbenchError(f"{path}, line {next(lines)}: {message}", "correct or remove that line")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and columns of every line that is not empty, as the fast reader counts them."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.reader(file)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except csv.Error as error:  # such as a column of more than 128 KiB
            raise TrmbenchError(
                f"{path}, line {reader.line_num}: {error}",
                f"each line must be {','.join(COLUMNS)}",
            ) from error
