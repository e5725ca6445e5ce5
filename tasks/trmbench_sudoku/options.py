"""Options of the sudoku task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from trmbench import PuzzleOptions, TrmbenchError, setting

_CLUES = {6: (8, 36), 9: (17, 81)}  # the fewest clues a Sudoku with one solution can have


@dataclass(frozen=True)
class SudokuOptions(PuzzleOptions):
    """Options of the Sudoku task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    size: int = setting(9, at_least=6, at_most=9)
    """Rows of the grid: 9 (boxes 3x3) or 6 (boxes of 2 rows and 3 columns)."""
    clues: int = setting(13, at_least=0, at_most=81)
    """Digits given in a generated puzzle."""
    variants: int = setting(0, at_least=0, at_most=1_000_000)
    """Fixed random variants of each training puzzle, next to itself; 0 = a fresh one each time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size not in _CLUES:
            raise TrmbenchError(f"task.size={self.size} is not possible", "use 6 or 9")
        if self.origin == "hub" and self.size != 9:
            raise TrmbenchError(
                f"task.size={self.size} is not published",
                "use task.source=generated or --set task.path=DIR",
            )
        least, most = _CLUES[self.size]
        if self.origin == "generated" and not least <= self.clues <= most:
            raise TrmbenchError(
                f"task.clues={self.clues} is not possible",
                f"a {self.size}x{self.size} Sudoku with one solution has {least} to {most}",
            )

    def sample(self, count: int, **further: Any) -> Self:
        """Return options with half of the digits given: generated in a moment at any size."""
        return super().sample(count, clues=self.size**2 // 2, **further)
