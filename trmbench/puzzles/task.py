"""The task whose splits are tables in memory."""

from __future__ import annotations

from collections.abc import Mapping

from trmbench.errors import unknown
from trmbench.puzzles.splits import SPLITS, fingerprint
from trmbench.spec import PuzzleTable, Task, TaskInfo


class PuzzleTask(Task):
    """Base of a task of one-to-one puzzles: subclasses add augmentation, verification, pictures.

    Splits other than "train", "validation" and "test" are tested as well (`info.test_splits`).
    """

    def __init__(
        self,
        splits: Mapping[str, PuzzleTable],
        *,
        title: str,
        source: str,
        vocab_size: int,
        grid_shape: tuple[int, int],
        primary_metric: str = "exact_accuracy",
        symbols: tuple[int, ...] | None = None,
        characters: Mapping[str, int] | None = None,
        verifies_any_question: bool = True,
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
            test_splits=("test", *(name for name in splits if name not in SPLITS)),
            symbols=symbols,
            characters=characters,
            verifies_any_question=verifies_any_question,
        )

    def split(self, name: str) -> PuzzleTable:
        """The table of "train", "validation", "test" or a further test split, always the same."""
        if name not in self._splits:
            raise unknown("split", name, self._splits)
        return self._splits[name]
