"""ARC grids as a person sees them: the official colours, in the terminal."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from trmbench_arc.grids import decode

PALETTE = (
    "#000000",
    "#0074d9",
    "#ff4136",
    "#2ecc40",
    "#ffdc00",
    "#aaaaaa",
    "#f012be",
    "#ff851b",
    "#7fdbff",
    "#870c25",
)
"""The colours 0..9 of the public ARC testing interface: black, blue, red, green, yellow, grey,
fuchsia, orange, teal, brown."""
DARK = {0, 1, 6, 9}
"""Colours on which a white digit reads better than a black one."""


def draw(tokens: np.ndarray) -> Text:
    """One grid from its (L,) tokens; the digits keep it readable where colours are off."""
    grid = decode(tokens)
    if grid.size == 0:
        return Text("(no grid)", style="dim")
    picture = Text()
    for number, row in enumerate(grid):
        if number:
            picture.append("\n")
        for colour in row:
            ink = "#ffffff" if int(colour) in DARK else "#000000"
            picture.append(f"{colour} ", style=f"{ink} on {PALETTE[colour]}")
    return picture
