"""Options of URM."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import setting
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The published model for Sudoku and ARC; T x n loops, of which the last n have gradients."""

    layers: int = setting(4, at_least=1, at_most=200)
    puzzle_positions: int = setting(1, at_least=0, at_most=1_024)
    T: int = setting(2, at_least=1, at_most=100)
    n: int = setting(6, at_least=1, at_most=100)
    kernel: int = setting(2, at_least=1, at_most=1_024)
    """Positions that the convolution inside the MLP sees: with 2, its own and the one before."""
