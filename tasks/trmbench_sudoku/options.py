"""Options of the sudoku task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from trmbench import PuzzleOptions, TrmbenchError, setting

_CLUES = {4: (4, 16), 6: (8, 36), 9: (17, 81), 16: (55, 256)}
"""The fewest clues that a Sudoku with one solution has (of 16x16, that are known), and all."""
CLUES_OF_TEST_SIZES = {4: 6, 6: 13, 9: 32, 16: 140}
"""Digits given in the generated puzzles of further sizes."""


@dataclass(frozen=True)
class SudokuOptions(PuzzleOptions):
    """Options of the Sudoku task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    size: int = setting(9, at_least=4, at_most=16)
    """Rows of the grid: 9 (boxes 3x3), 6 (boxes of 2 rows and 3 columns), 4 (2x2) or 16 (4x4)."""
    clues: int = setting(13, at_least=0, at_most=256)
    """Digits given in a generated puzzle."""
    variants: int = setting(0, at_least=0, at_most=1_000_000)
    """Fixed random variants of each training puzzle, next to itself; 0 = a fresh one each time."""

    test_sizes: str | None = field(default=None, metadata={"unhashed_at": None})
    """Further sizes, such as "4,16", that are tested in splits of their own, such as "16x16",
    generated. All puzzles then lie on a canvas of the largest size."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size not in _CLUES:
            raise TrmbenchError(f"task.size={self.size} is not possible", "use 4, 6, 9 or 16")
        if not all(size in _CLUES and size != self.size for size in self.further_sizes):
            raise TrmbenchError(
                f"task.test_sizes={self.test_sizes} is not possible",
                f"of 4, 6, 9 and 16 those that are not task.size={self.size}",
            )
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

    @property
    def further_sizes(self) -> tuple[int, ...]:
        """The sizes next to `size`, each once; 0 for what is no number."""
        words = [word.strip() for word in (self.test_sizes or "").split(",") if word.strip()]
        numbers = (int(word) if word.isdecimal() else 0 for word in words)
        return tuple(dict.fromkeys(numbers))

    def sample(self, count: int, **further: Any) -> Self:
        """Return options with half of the digits given: generated in a moment at any size."""
        return super().sample(count, clues=self.size**2 // 2, **further)
