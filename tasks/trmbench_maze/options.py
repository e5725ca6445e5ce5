"""Options of the maze task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trmbench import PuzzleOptions, TrmbenchError, content_digest, setting

_PUBLISHED_SIZE = 30
ARRAYS = tuple(
    f"{split}/all__{part}.npy" for split in ("train", "test") for part in ("inputs", "labels")
)
"""The files of mazes that come as arrays."""


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
    size: int = setting(_PUBLISHED_SIZE, at_least=2, at_most=60)
    """Rows and columns of the maze."""
    min_path_length: int = setting(111, at_least=1)
    """Steps from start to goal of a generated maze, at least."""
    min_walls: float = setting(0.3, at_least=0, below=1)
    """Smallest share of wall cells of a generated maze; each maze draws its own."""
    max_walls: float = setting(0.5, at_least=0, below=1)
    """Largest share of wall cells of a generated maze."""
    unique_path: bool = False
    """Whether a generated maze has only one shortest path."""
    perfect: bool = field(default=False, metadata={"unhashed_at": False})
    """Whether mazes are the ones of Maze-Unique: there is one way between any two cells."""
    max_path_length: int | None = setting(None, at_least=1, metadata={"unhashed_at": None})
    """Steps from start to goal of a generated perfect maze, at most; None = no limit."""

    @property
    def has_arrays(self) -> bool:
        """Whether the puzzles come as arrays, in the folder given or from Maze-Unique."""
        if self.path is None:
            return self.perfect
        return (Path(self.path).expanduser() / ARRAYS[0]).is_file()

    def content(self) -> Mapping[str, str]:
        """Digest the files of `path`; see `TaskSpec.content`.

        Raises:
            TrmbenchError: one is not there.
        """
        if self.path is None or not self.has_arrays:
            return super().content()
        return {"path": content_digest(Path(self.path).expanduser(), ARRAYS)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.origin == "hub" and self.size != _PUBLISHED_SIZE:
            raise TrmbenchError(
                f"task.size={self.size} is not published",
                "use task.source=generated or --set task.path=DIR",
            )
        if self.origin == "generated" and self.min_path_length >= self.size**2:
            raise TrmbenchError(
                f"task.min_path_length={self.min_path_length} is not possible",
                f"a {self.size}x{self.size} maze has room for 1 to {self.size**2 - 1} steps",
            )
        longest = self.max_path_length
        if longest is not None and not (self.perfect and self.min_path_length <= longest):
            raise TrmbenchError(
                f"task.max_path_length={longest} is not possible",
                f"with task.perfect=true, from task.min_path_length={self.min_path_length} on",
            )
        if self.min_walls > self.max_walls:
            raise TrmbenchError(
                f"task.min_walls={self.min_walls} to task.max_walls={self.max_walls} "
                "is not possible",
                "min_walls is at most max_walls",
            )
