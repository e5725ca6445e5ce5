"""Nonograms for people."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from trmbench_nonogram.layout import BLACK, NOTHING, UNKNOWN, WHITE

_LOOKS = {NOTHING: "   ", UNKNOWN: "  ·", WHITE: "   ", BLACK: " ██"}


def draw(grid: np.ndarray, margin: int) -> Text:
    """A grid (n+m, n+m) of tokens with lines between clues and cells; padding shows as `?`."""
    lines = []
    for number, row in enumerate(grid.tolist()):
        shown = ["".join(map(_cell, part)) for part in (row[:margin], row[margin:])]
        if number == margin:
            lines.append("┼".join("─" * len(part) for part in shown))
        lines.append("│".join(shown))
    return Text("\n".join(lines), no_wrap=True)


def _cell(token: int) -> str:
    return f"{token - BLACK:3}" if token > BLACK else _LOOKS.get(token, "  ?")
