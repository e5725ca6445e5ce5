"""Sudokus for people."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from trmbench_sudoku.rules import Rules

DIGITS = "123456789ABCDEFG"
"""How digits are written, those of 16x16 as letters from 10 on."""


def draw(tokens: np.ndarray, rules: Rules) -> Text:
    """A grid (n*n,) of tokens with lines around its boxes; padding shows as `?`."""
    height, width = rules.box
    stacks = rules.size // width
    text = Text(no_wrap=True)
    text.append(_line("┌", "┬", "┐", stacks, width), "dim")
    for number, row in enumerate(np.asarray(tokens).reshape(rules.size, rules.size)):
        if number and number % height == 0:
            text.append(_line("├", "┼", "┤", stacks, width), "dim")
        for column, token in enumerate(row.tolist()):
            if column % width == 0:
                text.append("│ " if column == 0 else " │ ", "dim")
            else:
                text.append(" ")
            text.append(*_cell(token))
        text.append(" │\n", "dim")
    text.append(_line("└", "┴", "┘", stacks, width).rstrip(), "dim")
    return text


def _cell(token: int) -> tuple[str, str]:
    """Character and style of a token."""
    if token > 1:
        return DIGITS[token - 2], "bold"
    return ("·", "dim") if token == 1 else ("?", "red")


def _line(left: str, middle: str, right: str, stacks: int, width: int) -> str:
    return left + middle.join(["─" * (2 * width + 1)] * stacks) + right + "\n"
