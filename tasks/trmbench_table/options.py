"""Options of the table task; standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trmbench import PuzzleOptions, TrmbenchError, content_digest, setting
from trmbench_table.files import data_files


@dataclass(frozen=True)
class TableOptions(PuzzleOptions):
    """Options of a table of puzzles.

    Raises:
        TrmbenchError: a value is out of its range, or there are no such files.
    """

    source: str = "path"
    """"path", or "generated" for sums of two numbers, which show how it works."""
    path: str | None = None
    """A CSV, TSV, JSONL or Parquet file, or a folder with `train` and `test` files of these."""
    question: str = "question"
    """The column of the questions."""
    answer: str = "answer"
    """The column of the answers."""
    cells: Literal["auto", "characters", "words", "json"] = "auto"
    """What is one token: a character, a word between spaces, or an item of a JSON list."""
    grid: str | None = None
    """Shape such as 9x9; None = from the data: rows of lists or of lines, else a square if all
    texts have one length that is one, else one row."""
    augmentations: str | None = None
    """"dihedral", "permute-symbols=1-9", or both with a comma between them."""
    verify: str | None = None
    """MODULE:FUNCTION, called with question and answer as texts: is it a right answer?"""
    splits: str | None = None
    """Names of further test files of the folder, such as "ood,longer"."""
    split_by: str | None = field(default=None, metadata={"unhashed_at": None})
    """A further column of the test file, such as "difficulty": the test puzzles of each of its
    values are a split of their own as well, such as "difficulty=hard"."""
    test_share: float = setting(0.2, above=0, below=1)
    """With one file only, the share of different questions that is tested."""
    overlap: Literal["refuse", "drop"] = "refuse"
    """What becomes of training rows whose question is tested as well."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.grid is not None and not re.fullmatch(r"[1-9]\d{0,3}x[1-9]\d{0,3}", self.grid):
            raise TrmbenchError(f"task.grid={self.grid} is not possible", "such as 9x9")
        if self.split_by is not None and self.path is None:
            raise TrmbenchError(f"task.split_by={self.split_by} needs a table", "give task.path")
        if self.verify is not None and not re.fullmatch(r"[\w.]+:\w+", self.verify):
            raise TrmbenchError(f"task.verify={self.verify} is not possible", "MODULE:FUNCTION")

    def check_source(self) -> None:
        """Refuse the sources of published tasks.

        Raises:
            TrmbenchError: it is one of these.
        """
        if self.source not in ("path", "generated"):
            raise TrmbenchError(f"task.source={self.source} is not possible", "give task.path")

    @property
    def has_data(self) -> bool:
        """Whether there is something to read or to generate."""
        return self.path is not None or self.source == "generated"

    @property
    def title(self) -> str:
        """What the puzzles are called, for people."""
        return f"Table {self.place}"

    @property
    def place(self) -> str:
        """Where the puzzles come from, for people."""
        return self.path or self.source

    def require_data(self) -> None:
        """Refuse options that name no data.

        Raises:
            TrmbenchError: they do not.
        """
        if not self.has_data:
            raise TrmbenchError(
                "the table has no data",
                "add --set task.path=DIR, a folder with train and test files",
            )

    @property
    def further_splits(self) -> tuple[str, ...]:
        """The names of the test files next to `test`."""
        return tuple(name.strip() for name in (self.splits or "").split(",") if name.strip())

    def content(self) -> Mapping[str, str]:
        """Digest the files; see `TaskSpec.content`.

        Raises:
            TrmbenchError: there are none, or several by one name.
        """
        if self.path is None:
            return {}
        files = data_files(self.path, self.further_splits)
        folder = next(iter(files.values())).parent
        return {"path": content_digest(folder, (file.name for file in files.values()))}
