"""Nonograms as people write them: the runs of every row and of every column."""

from __future__ import annotations

import numpy as np

from trmbench import TrmbenchError
from trmbench_nonogram.layout import BLACK, NOTHING, UNKNOWN, margin


def read_clues(text: str, size: int) -> np.ndarray:
    """Read the tokens (L,) uint8 of a question: `1 1,2,0/2,1,1`, rows before columns.

    Raises:
        TrmbenchError: they are none of a picture of this size.
    """
    rows, slash, columns = text.strip().partition("/")
    sides = [side.strip().split(",") for side in (rows, columns)]
    if not slash or any(len(side) != size for side in sides):
        found = " and ".join(str(len(side)) for side in sides) if slash else "no slash between"
        raise TrmbenchError(
            f"the clues are of {size} rows and {size} columns; there are {found}",
            "write rows/columns, with commas between lines and spaces between runs: 1 1,2,0/2,1,1",
        )
    space = margin(size)
    left, above = (
        np.stack([_runs(line, name, number, size) for number, line in enumerate(side, start=1)])
        for side, name in zip(sides, ("row", "column"), strict=True)
    )
    grid = np.full((size + space, size + space), UNKNOWN, np.uint8)
    grid[:space, :space] = NOTHING
    grid[space:, :space], grid[:space, space:] = left, above.T
    return grid.reshape(-1)


def _runs(line: str, name: str, number: int, size: int) -> np.ndarray:
    """The clue tokens (m,) of one line, at the end of its margin."""
    words = [word for word in line.split() if word != "0"]
    lengths = [int(word) for word in words if word.isdecimal() and len(word) < 4]
    if len(lengths) != len(words) or sum(lengths) + max(0, len(lengths) - 1) > size:
        raise TrmbenchError(
            f"the clue of {name} {number} is {line.strip()[:40]!r}", f"runs that fit {size} cells"
        )
    clue = np.full(margin(size), NOTHING, np.uint8)
    if lengths:
        clue[-len(lengths) :] = np.array(lengths) + BLACK
    return clue
