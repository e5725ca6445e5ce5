"""The task whose three splits are tables in memory."""

from __future__ import annotations

from collections.abc import Mapping

from trmbench.errors import TrmbenchError
from trmbench.puzzles.splits import fingerprint
from trmbench.spec import PuzzleTable, Task, TaskInfo


class PuzzleTask(Task):
    """Base of a task of one-to-one puzzles: subclasses add augmentation, verification, pictures."""

    def __init__(
        self,
        splits: Mapping[str, PuzzleTable],
        *,
        title: str,
        source: str,
        vocab_size: int,
        grid_shape: tuple[int, int],
        primary_metric: str = "exact_accuracy",
    ) -> None:
        self._splits = dict(splits)
        self.info = TaskInfo(
            title=title,
            source=source,
            fingerprint=fingerprint(splits),
            vocab_size=vocab_size,
            seq_len=grid_shape[0] * grid_shape[1],
            grid_shape=grid_shape,
            primary_metric=primary_metric,
        )

    def split(self, name: str) -> PuzzleTable:
        """The table of "train", "validation" or "test"; the same object at every call."""
        if name not in self._splits:
            raise TrmbenchError(f"no split {name!r}", f"use one of {', '.join(self._splits)}")
        return self._splits[name]
