"""Grids and their token sequences.

A grid (h, w) of colours 0..9 lies on a square canvas of side C, spelt row by row as L = C*C tokens:
padding 0, end of grid 1, colours 2..11. The end-of-grid tokens border the grid on its right and
below, as in the public reference implementation of TRM (arXiv 2510.04871).
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from trmbench import TrmbenchError

PAD, END, FIRST_COLOUR = 0, 1, 2
COLOURS = 10
VOCABULARY = FIRST_COLOUR + COLOURS
MAX_SIDE = 30
"""Largest side of a grid in ARC."""


def check_grid(values: Any, where: str) -> np.ndarray:
    """A grid as read from JSON, as a (h, w) uint8 array.

    Args:
        values: rows of colours.
        where: task, pair and side, for the message.

    Raises:
        TrmbenchError: not a rectangle of 1..30 x 1..30 whole numbers 0..9.
    """
    try:
        grid = np.asarray(values)
    except ValueError as error:
        raise TrmbenchError(f"{where}: rows differ in length", "make it a rectangle") from error
    if grid.ndim != 2 or grid.size == 0 or grid.dtype.kind not in "iu":
        hint = "give a non-empty list of equally long rows of colours 0..9"
        raise TrmbenchError(f"{where}: not a grid of whole numbers", hint)
    if grid.min() < 0 or grid.max() >= COLOURS:
        wrong = int(grid[(grid < 0) | (grid >= COLOURS)][0])
        raise TrmbenchError(f"{where}: colour {wrong} does not exist", "colours are 0..9")
    if max(grid.shape) > MAX_SIDE:
        size = f"{grid.shape[0]}x{grid.shape[1]}"
        raise TrmbenchError(
            f"{where}: {size} is larger than {MAX_SIDE}x{MAX_SIDE}", "ARC grids are 1..30 a side"
        )
    return grid.astype(np.uint8)


def encode(grid: np.ndarray, canvas: int) -> np.ndarray:
    """A grid (h, w) as (L,) uint8 tokens, laid at the top left of the canvas."""
    height, width = grid.shape
    tokens = np.zeros((canvas, canvas), np.uint8)
    tokens[:height, :width] = grid + FIRST_COLOUR
    tokens[height : height + 1, :width] = END
    tokens[:height, width : width + 1] = END
    return tokens.ravel()


def decode(tokens: np.ndarray) -> np.ndarray:
    """The grid (h, w) that (L,) tokens spell; (0, 0) if they spell none.

    It is the largest rectangle from the top left in which every token is a colour; of two equally
    large ones the flatter, as in the reference's evaluator.
    """
    canvas = isqrt(tokens.size)
    board = tokens.reshape(canvas, canvas)
    is_colour = (board >= FIRST_COLOUR) & (board < VOCABULARY)
    widths = np.minimum.accumulate(np.cumprod(is_colour, axis=1).sum(axis=1))
    areas = widths * np.arange(1, canvas + 1)
    best = int(areas.argmax())
    if areas[best] == 0:
        return np.zeros((0, 0), np.uint8)
    return board[: best + 1, : widths[best]].astype(np.uint8) - np.uint8(FIRST_COLOUR)
