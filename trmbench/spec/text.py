"""Puzzles as people write them: one character for each cell.

Shapes: N puzzles, L tokens of a puzzle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trmbench.errors import TrmbenchError, shown

if TYPE_CHECKING:
    import numpy as np

_LINES = {chr(code) for code in range(0x2500, 0x2580)} | set("|+-,;")
"""What only divides cells: lines drawn around them, and punctuation."""
UNKNOWN = "?"
"""What is written for a token without a character."""


def read_cells(
    text: str, characters: Mapping[str, int], shape: tuple[int, int], title: str
) -> np.ndarray:
    """Read the tokens (L,) uint8 of a grid, written in one line or row by row.

    A slash ends a row as well. Spaces, drawn lines and commas are left out where they are no
    characters of the puzzles; where a space is one, rows may end without theirs.

    Args:
        text: what somebody wrote.
        characters: the token of each character.
        shape: rows and columns of the grid.
        title: what the puzzles are called, for people.

    Raises:
        TrmbenchError: it has another size or other characters.
    """
    import numpy as np

    rows = _rows(text, characters)
    if " " in characters and len(rows) == shape[0] > 1:
        rows = [row.ljust(shape[1]) for row in rows]
    known = "".join(characters)
    for number, row in enumerate(rows, start=1):
        for column, character in enumerate(row, start=1):
            if character not in characters:
                raise TrmbenchError(
                    f"row {number}, column {column} of the puzzle is {character!r}",
                    f"{title} is written with {known!r}",
                )
    if len(rows) == shape[0] > 1:
        for number, row in enumerate(rows, start=1):
            if len(row) != shape[1]:
                raise TrmbenchError(
                    f"row {number} of the puzzle has {len(row)} cells, not {shape[1]}",
                    f"{title} has {_sized(shape)}",
                )
    cells = "".join(rows)
    if len(cells) != shape[0] * shape[1]:
        raise TrmbenchError(f"the puzzle has {len(cells)} cells", f"{title} has {_sized(shape)}")
    return np.array([characters[character] for character in cells], np.uint8)


def _rows(text: str, characters: Mapping[str, int]) -> list[str]:
    """The lines with cells, without what only divides them."""
    text = text if "/" in characters else text.replace("/", "\n")
    kept = ("".join(c for c in line if _is_cell(c, characters)) for line in text.splitlines())
    return [line for line in kept if line]


def _is_cell(character: str, characters: Mapping[str, int]) -> bool:
    return character in characters or not (character.isspace() or character in _LINES)


def _sized(shape: tuple[int, int]) -> str:
    return f"{shape[0] * shape[1]} cells, {shape[0]} rows of {shape[1]}"


@dataclass(frozen=True)
class Writing:
    """How the puzzles of a task are written."""

    title: str
    """What they are called, for people."""
    shape: tuple[int, int]
    """Rows and columns of the grid."""
    vocab_size: int
    characters: Mapping[str, int] | None = None
    """The token of each character; None = tokens are written as numbers."""

    @property
    def length(self) -> int:
        """L."""
        return self.shape[0] * self.shape[1]

    def read(self, text: str) -> np.ndarray:
        """Read a grid (L,) uint8.

        Raises:
            TrmbenchError: it has another size, or cells that are none.
        """
        if self.characters is None:
            return self._numbers(text)
        return read_cells(text, self.characters, self.shape, self.title)

    def read_answers(self, texts: Sequence[str], asked: np.ndarray) -> np.ndarray:
        """Read answers (N, L) uint8: what stands in the places asked for (L,), or whole grids.

        Raises:
            TrmbenchError: one has another size, or cells that are none.
        """
        import numpy as np

        answers = np.zeros((len(texts), self.length), np.uint8)
        if self.characters is None:
            for answer, text in zip(answers, texts, strict=True):
                answer[:] = self._numbers(text)
            return answers
        places = asked.nonzero()[0]
        known = {**self.characters, UNKNOWN: 0}
        for answer, text in zip(answers, texts, strict=True):
            if sum(map(len, _rows(text, known))) == len(places):
                answer[places] = read_cells(text, known, (1, len(places)), self.title)
            else:
                answer[:] = read_cells(text, known, self.shape, self.title)
        return answers

    def write(self, answers: np.ndarray, asked: np.ndarray) -> list[str]:
        """Write answers (N, L), each in one line: what stands in the places asked for (L,)."""
        if self.characters is None:
            return [" ".join(map(str, tokens)) for tokens in answers.tolist()]
        names: dict[int, str] = {}
        for character, token in self.characters.items():
            names.setdefault(token, character)
        rows = answers[:, asked].tolist()
        return ["".join(names.get(token, UNKNOWN) for token in row) for row in rows]

    def _numbers(self, text: str) -> np.ndarray:
        """Read tokens that are written as numbers, with spaces between or as a JSON list."""
        import numpy as np

        hint = f"{self.title} is written as {self.length} tokens, numbers below {self.vocab_size}"
        try:
            values = np.asarray(json.loads(text) if text.lstrip().startswith("[") else text.split())
            tokens = values.reshape(-1).astype(np.int64)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise TrmbenchError(f"{shown(text)} is no list of tokens", hint) from None
        if len(tokens) != self.length:
            raise TrmbenchError(f"the puzzle has {len(tokens)} tokens", hint)
        wrong = tokens[(tokens < 0) | (tokens >= self.vocab_size)]
        if len(wrong):
            raise TrmbenchError(f"the puzzle has the token {int(wrong[0])}", hint)
        return tokens.astype(np.uint8)
