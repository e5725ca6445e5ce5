"""Options of the nonogram task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError

_LARGEST_SIZE = 24


@dataclass(frozen=True)
class NonogramOptions(PuzzleOptions):
    """Options of the Nonogram task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set in this form."""
    size: int = 15
    """Rows and columns of the picture."""
    min_black: float = 0.5
    """Smallest share of black cells; each picture draws its own."""
    max_black: float = 0.7
    """Largest share of black cells; at some 0.6 the most pictures have one solution."""
    min_rounds: int = 1
    """Rounds (all rows, then all columns) that solving line by line takes, at least."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if not 2 <= self.size <= _LARGEST_SIZE:
            raise TrmbenchError(f"task.size={self.size} is not possible", f"2 to {_LARGEST_SIZE}")
        if not 0 < self.min_black <= self.max_black < 1:
            raise TrmbenchError(
                f"task.min_black={self.min_black} to task.max_black={self.max_black} "
                "is not possible",
                "0 < min_black <= max_black < 1",
            )
