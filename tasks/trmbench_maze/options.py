"""Options of the maze task."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import PuzzleOptions, TrmbenchError

_PUBLISHED_SIZE = 30
_LARGEST_SIZE = 60


@dataclass(frozen=True)
class MazeOptions(PuzzleOptions):
    """Options of the Maze task.

    The defaults describe Maze-Hard (arXiv 2506.21734): shortest paths longer than 110 steps; the
    share of walls is as in the generator it builds on (arXiv 2402.14083, 30 to 50 %).

    Raises:
        TrmbenchError: a value is out of its range.
    """

    augment: bool = True
    """Whether training puzzles are turned and mirrored at random. A trap on Maze-Hard, whatever the
    TRM paper's text says: an independent study (lcrh/lattice-deduction-transformers on GitHub) gets
    10.1 % (TRM) and 23.6 % (HRM) exactly right with it, 85.1 and 74.8 % without."""
    size: int = _PUBLISHED_SIZE
    """Rows and columns of the maze."""
    min_path_length: int = 111
    """Steps from start to goal of a generated maze, at least."""
    min_walls: float = 0.3
    """Smallest share of wall cells of a generated maze; each maze draws its own."""
    max_walls: float = 0.5
    """Largest share of wall cells of a generated maze."""
    unique_path: bool = False
    """Whether a generated maze has only one shortest path."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.size <= _LARGEST_SIZE:
            raise TrmbenchError(f"task.size={self.size} is not possible", f"2 to {_LARGEST_SIZE}")
        if self.origin == "hub" and self.size != _PUBLISHED_SIZE:
            raise TrmbenchError(
                f"task.size={self.size} is not published",
                "use task.source=generated or --set task.path=DIR",
            )
        if self.origin == "generated" and not 1 <= self.min_path_length < self.size**2:
            raise TrmbenchError(
                f"task.min_path_length={self.min_path_length} is not possible",
                f"a {self.size}x{self.size} maze has room for 1 to {self.size**2 - 1} steps",
            )
        if not 0 <= self.min_walls <= self.max_walls < 1:
            raise TrmbenchError(
                f"task.min_walls={self.min_walls} to task.max_walls={self.max_walls} "
                "is not possible",
                "0 <= min_walls <= max_walls < 1",
            )
