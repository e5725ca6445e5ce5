"""Options of the coloring task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError

_FEWEST_VERTICES, _MOST_VERTICES = 4, 12


@dataclass(frozen=True)
class ColoringOptions(PuzzleOptions):
    """Options of the Coloring task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set."""
    vertices: int = 8
    """Vertices of the graph."""
    degree: float = 3.5
    """Edges per vertex that are drawn on average, both ends counted; from 4.7 on, large random
    graphs have no colouring with three colours."""
    max_solutions: int = 20
    """Colourings that a graph may have, apart from renaming the colours."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if not _FEWEST_VERTICES <= self.vertices <= _MOST_VERTICES:
            raise TrmbenchError(
                f"task.vertices={self.vertices} is not possible",
                f"{_FEWEST_VERTICES} to {_MOST_VERTICES}",
            )
        if not 0 < self.degree < self.vertices:
            raise TrmbenchError(
                f"task.degree={self.degree} is not possible",
                f"more than 0, less than {self.vertices}",
            )
        if self.max_solutions < 1:
            raise TrmbenchError(
                f"task.max_solutions={self.max_solutions} is not possible", "1 or more"
            )
