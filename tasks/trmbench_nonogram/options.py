"""Options of the nonogram task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError, setting

_LARGEST_SIZE = 24


@dataclass(frozen=True)
class NonogramOptions(PuzzleOptions):
    """Options of the Nonogram task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set in this form."""
    size: int = setting(15, at_least=2, at_most=_LARGEST_SIZE)
    """Rows and columns of the picture."""
    min_black: float = setting(0.5, above=0, below=1)
    """Smallest share of black cells; each picture draws its own."""
    max_black: float = setting(0.7, above=0, below=1)
    """Largest share of black cells; at some 0.6 the most pictures have one solution."""
    min_rounds: int = setting(1, at_least=1, at_most=1_000)
    """Rounds (all rows, then all columns) that solving line by line takes, at least."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if self.min_black > self.max_black:
            raise TrmbenchError(
                f"task.min_black={self.min_black} to task.max_black={self.max_black} "
                "is not possible",
                "min_black is at most max_black",
            )
