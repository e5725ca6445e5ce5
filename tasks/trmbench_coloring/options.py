"""Options of the coloring task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError, setting


@dataclass(frozen=True)
class ColoringOptions(PuzzleOptions):
    """Options of the Coloring task.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated": there is no published set."""
    vertices: int = setting(8, at_least=4, at_most=12)
    """Vertices of the graph."""
    degree: float = setting(3.5, above=0)
    """Edges per vertex that are drawn on average, both ends counted; from 4.7 on, large random
    graphs have no colouring with three colours."""
    max_solutions: int = setting(20, at_least=1, at_most=1_000_000)
    """Colourings that a graph may have, apart from renaming the colours."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin != "generated":
            raise TrmbenchError(f"task.source={self.origin} is not possible", "use generated")
        if self.degree >= self.vertices:
            raise TrmbenchError(
                f"task.degree={self.degree} is not possible",
                f"use less than {self.vertices}",
            )
