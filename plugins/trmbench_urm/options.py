"""Options of URM."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import TrmbenchError
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The published model for Sudoku and ARC; T x n loops, of which the last n have gradients."""

    layers: int = 4
    puzzle_positions: int = 1
    T: int = 2
    n: int = 6
    kernel: int = 2
    """Positions that the convolution inside the MLP sees: with 2, its own and the one before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel < 1:
            raise TrmbenchError(f"model.kernel is {self.kernel}", "it must be 1 or more")
