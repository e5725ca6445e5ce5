"""Options of the queens task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError, setting


@dataclass(frozen=True)
class QueensOptions(PuzzleOptions):
    """Options of the Queens task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set."""
    size: int = setting(8, at_least=4, at_most=12)
    """Rows and columns of the board, and queens on it."""
    min_hidden: int = setting(5, at_least=1)
    """Queens that are left to place, at least; each puzzle draws its own number."""
    max_hidden: int = setting(7, at_least=1)
    """Queens that are left to place, at most."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if not self.min_hidden <= self.max_hidden < self.size:
            raise TrmbenchError(
                f"task.min_hidden={self.min_hidden} to task.max_hidden={self.max_hidden} is not"
                " possible",
                f"min_hidden <= max_hidden < {self.size}, since a queen must be given",
            )
