"""Options of the life task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError, setting

FURTHEST = 100
"""Generations that can be asked for."""


@dataclass(frozen=True)
class LifeOptions(PuzzleOptions):
    """Options of the Life task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set."""
    size: int = setting(16, at_least=4, at_most=40)
    """Rows and columns of the board, whose opposite borders meet."""
    horizon: int = setting(3, at_least=1, at_most=20)
    """Generations ahead that are trained on, at most: each puzzle asks for 1 to so many."""
    further: str = "1,2,3,10"
    """Generations beyond the horizon that are tested, each in a split of its own, such as "+10"."""
    min_density: float = setting(0.2, above=0, at_most=1)
    """Smallest share of live cells that a board begins with; each board draws its own."""
    max_density: float = setting(0.5, above=0, at_most=1)
    """Largest share."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if self.min_density > self.max_density:
            raise TrmbenchError(
                f"task.min_density={self.min_density} is not possible", "max_density is at least it"
            )
        if self.furthest > FURTHEST:
            raise TrmbenchError(
                f"task.further={self.further} is not possible", f"at most {FURTHEST} generations"
            )

    @property
    def steps_beyond(self) -> tuple[int, ...]:
        """The generations beyond the horizon.

        Raises:
            TrmbenchError: they are no such numbers.
        """
        words = [word.strip() for word in self.further.split(",") if word.strip()]
        if not all(word.isdecimal() and int(word) > 0 for word in words):
            raise TrmbenchError(f"task.further={self.further} is not possible", "such as 1,2,10")
        return tuple(dict.fromkeys(map(int, words)))

    @property
    def furthest(self) -> int:
        """The most generations that are asked for."""
        return self.horizon + max(self.steps_beyond, default=0)

    @property
    def header(self) -> int:
        """Rows above the board, one mark in which stands for a generation."""
        return -(-self.furthest // self.size)
