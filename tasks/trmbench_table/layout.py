"""Where the cells of a text lie on the grid, and which token each symbol is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from trmbench import Puzzles, TrmbenchError
from trmbench_table.cells import Lines, Splitter

PAD, BLANK, FIRST = 0, 1, 2
"""No cell; the end of an answer that is shorter than others; the token of the first symbol."""
MOST_SYMBOLS = 256 - FIRST
LONGEST = 4096
"""Cells of a grid."""


@dataclass(frozen=True)
class Layout:
    """The shape that all texts of a table fit, and their symbols."""

    symbols: tuple[str, ...]
    grid: tuple[int, int]
    asked: tuple[int, int]
    """Rows and columns of the largest answer, at the top left; of texts in one row, (1, length)."""
    in_one_row: bool
    """Whether no text has several lines; cells then fill the grid row by row."""
    splitter: Splitter

    @cached_property
    def tokens(self) -> dict[str, int]:
        """The token of each symbol."""
        return {symbol: FIRST + number for number, symbol in enumerate(self.symbols)}

    @cached_property
    def places(self) -> np.ndarray:
        """(A,) the places of the grid that are asked for."""
        if self.in_one_row:
            return np.arange(self.asked[1])
        rows, columns = self.asked
        places = np.arange(self.length).reshape(self.grid)
        return places[:rows, :columns].reshape(-1)

    @property
    def length(self) -> int:
        """Cells of the grid."""
        return self.grid[0] * self.grid[1]

    @property
    def is_full(self) -> bool:
        """Whether every place of the grid is asked for."""
        return len(self.places) == self.length

    def encode(self, pairs: Sequence[tuple[Lines, Lines]]) -> Puzzles:
        """Questions and answers as tokens (N, L) uint8; short answers end in `BLANK`."""
        inputs = np.zeros((len(pairs), self.length), np.uint8)
        labels = np.zeros_like(inputs)
        labels[:, self.places] = BLANK
        for row, (question, answer) in enumerate(pairs):
            self._lay(inputs[row], question)
            self._lay(labels[row], answer)
        return Puzzles(inputs, labels)

    def question(self, text: str) -> np.ndarray:
        """Read a question as tokens (L,) uint8.

        Raises:
            TrmbenchError: it has symbols that the table has not, or does not fit the grid.
        """
        return self._read(text, 0)

    def answer(self, text: str) -> np.ndarray:
        """Read an answer as tokens (L,) uint8.

        Raises:
            TrmbenchError: it has symbols that the table has not, or is larger than all answers.
        """
        return self._read(text, 1)

    def _read(self, text: str, side: int) -> np.ndarray:
        what = ("question", "answer")[side]
        try:
            lines = self.splitter.cut(text.strip("\n"))
        except ValueError as error:
            raise TrmbenchError(
                f"the {what} cannot be read: {error}", "write it as in the table"
            ) from None
        strange = next((s for line in lines for s in line if s not in self.tokens), None)
        if strange is not None:
            raise TrmbenchError(
                f"the {what} has {strange!r}, which the table never has",
                f"its symbols are {' '.join(self.symbols)[:200]}",
            )
        most = self.asked if side else (1, self.length) if self.in_one_row else self.grid
        shape = (len(lines), len(lines[0]))
        if shape[0] > most[0] or shape[1] > most[1]:
            raise TrmbenchError(
                f"the {what} has {shape[0]}x{shape[1]} cells",
                f"at most {most[0]}x{most[1]} (rows x columns) fit",
            )
        pair: tuple[Lines, Lines] = (lines, ()) if side == 0 else ((), lines)
        tokens: np.ndarray = self.encode([pair])[side][0]
        return tokens

    def _lay(self, place: np.ndarray, lines: Lines) -> None:
        if not lines:
            return
        values = [[self.tokens[symbol] for symbol in line] for line in lines]
        if self.in_one_row:
            place[: len(values[0])] = values[0]
        else:
            place.reshape(self.grid)[: len(values), : len(values[0])] = values

    def text(self, tokens: np.ndarray, *, answer: bool) -> str | None:
        """The text of a grid (L,); None where an answer has a gap, or is none."""
        shape = self.asked if answer else (1, self.length) if self.in_one_row else self.grid
        cells = tokens[self.places] if answer else tokens
        found = cells.reshape(shape)
        known = (found >= FIRST) & (found < FIRST + len(self.symbols))
        rows, columns = int(known.any(axis=1).sum()), int(known.any(axis=0).sum())
        if not known[:rows, :columns].all() or not rows:
            return None
        if answer and (found[~known] != BLANK).any():
            return None
        part = found[:rows, :columns].tolist()
        return self.splitter.join(
            tuple(tuple(self.symbols[token - FIRST] for token in line) for line in part)
        )


def layout_of(
    pairs: Sequence[tuple[Lines, Lines]], splitter: Splitter, grid: str | None, folder: Path
) -> Layout:
    """The smallest layout that all questions and answers fit.

    Raises:
        TrmbenchError: there are too many symbols, or a text is longer than the grid.
    """
    symbols = {symbol for pair in pairs for lines in pair for line in lines for symbol in line}
    if len(symbols) > MOST_SYMBOLS:
        raise TrmbenchError(
            f"{folder} has {len(symbols):,} different {splitter.name}, such as"
            f" {', '.join(map(repr, sorted(symbols)[:3]))}; at most {MOST_SYMBOLS} are possible",
            "--set task.cells=characters has fewer of them" * (splitter.name != "characters")
            or "shorten the texts",
        )
    shapes = [[(len(lines), len(lines[0])) for lines in pair] for pair in pairs]
    every = {shape for pair in shapes for shape in pair}
    in_one_row = all(rows == 1 for rows, _ in every)
    rows, columns = (max(shape[axis] for shape in every) for axis in (0, 1))
    asked = [max(answer[axis] for _, answer in shapes) for axis in (0, 1)]
    if grid is not None:
        wanted = tuple(map(int, grid.split("x")))
        fits = (
            columns <= math.prod(wanted)
            if in_one_row
            else rows <= wanted[0] and columns <= wanted[1]
        )
        if not fits:
            longest = f"{columns} cells" if in_one_row else f"{rows}x{columns} cells"
            raise TrmbenchError(
                f"task.grid={grid} is too small: a text of {folder} has {longest}",
                "leave it out, or give a larger one",
            )
        rows, columns = wanted
    elif in_one_row and len(every) == 1 and columns > 1 and math.isqrt(columns) ** 2 == columns:
        rows = columns = math.isqrt(columns)
    if rows * columns > LONGEST:
        raise TrmbenchError(
            f"{folder} needs {rows * columns:,} cells per puzzle", f"at most {LONGEST:,} work"
        )
    return Layout(
        tuple(sorted(symbols, key=_order)),
        (rows, columns),
        (asked[0], asked[1]),
        in_one_row,
        splitter,
    )


def _order(symbol: str) -> tuple[bool, int, str]:
    """Whole numbers by their value, then everything else."""
    number = symbol.isdecimal()
    return not number, int(symbol) if number else 0, symbol
