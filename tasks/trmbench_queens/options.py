"""Options of the queens task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError

_SMALLEST_SIZE, _LARGEST_SIZE = 4, 12


@dataclass(frozen=True)
class QueensOptions(PuzzleOptions):
    """Options of the Queens task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set."""
    size: int = 8
    """Rows and columns of the board, and queens on it."""
    min_hidden: int = 5
    """Queens that are left to place, at least; each puzzle draws its own number."""
    max_hidden: int = 7
    """Queens that are left to place, at most."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if not _SMALLEST_SIZE <= self.size <= _LARGEST_SIZE:
            raise TrmbenchError(
                f"task.size={self.size} is not possible", f"{_SMALLEST_SIZE} to {_LARGEST_SIZE}"
            )
        if not 1 <= self.min_hidden <= self.max_hidden < self.size:
            raise TrmbenchError(
                f"task.min_hidden={self.min_hidden} to task.max_hidden={self.max_hidden} is not"
                " possible",
                f"1 <= min_hidden <= max_hidden < {self.size}, since a queen must be given",
            )
