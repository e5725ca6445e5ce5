"""The options every task of one-to-one puzzles has; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from trmbench.errors import TrmbenchError
from trmbench.puzzles.content import content_digest
from trmbench.spec import TaskSample
from trmbench.spec.ranges import check_ranges, setting
from trmbench.spec.settings import MOST_PUZZLES

FILES = ("train.csv", "test.csv")
SOURCES = ("hub", "path", "generated")
DEFAULT_GENERATED = 1000
"""Puzzles per split of a generated task that names no number."""
MOST_GENERATED = 1_000_000
"""Puzzles per split of a generated task; more of them would take days."""


@dataclass(frozen=True)
class PuzzleOptions:
    """Options of the source of the puzzles, their number, and their augmentation.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "hub"
    """"hub" (the published files), "path" (a folder) or "generated"."""
    path: str | None = None
    """Folder with train.csv and test.csv; when given, it is the source."""
    train_puzzles: int | None = setting(None, at_least=1, at_most=MOST_PUZZLES)
    """Training puzzles, drawn with `data_seed`; None = every one (1,000 when generated)."""
    test_puzzles: int | None = setting(None, at_least=1, at_most=MOST_PUZZLES)
    """Test puzzles, drawn in the same way; None = every one (1,000 when generated)."""
    validation: int = setting(0, at_least=0, at_most=MOST_PUZZLES)
    """Number of training puzzles that are held out for making choices."""
    data_seed: int = setting(0, at_least=0, at_most=2**63 - 1)
    """Seed of the puzzles: the same for every model and every training seed."""
    augment: bool = True
    """Whether training puzzles are transformed at random."""

    def __post_init__(self) -> None:
        check_ranges("task", self)
        self.check_source()

    def check_source(self) -> None:
        """Refuse a source that cannot be; a task with other sources has its own.

        Raises:
            TrmbenchError: it cannot be.
        """
        require(self.source in SOURCES, "source", self.source, f"use one of {', '.join(SOURCES)}")
        require(
            self.source != "path" or bool(self.path),
            "path",
            self.path,
            "task.source=path needs --set task.path=DIR, a folder with train.csv and test.csv",
        )
        require(
            self.origin != "generated" or max(self.generated_counts) <= MOST_GENERATED,
            "train_puzzles",
            max(self.generated_counts),
            f"at most {MOST_GENERATED:,} puzzles are generated",
        )

    def sample(self, count: int, **further: Any) -> Self:
        """Return options that generate `count` puzzles of the same shape, for measurements.

        Args:
            count: training puzzles, and as many test puzzles.
            further: options that a task changes, when it overrides this, to generate faster.
        """
        counts = {"train_puzzles": count, "test_puzzles": count, "validation": 0}
        return replace(self, **{"source": "generated", "path": None, **counts, **further})

    def benchmark_sample(self, count: int) -> TaskSample:
        """`sample`, as `TaskSpec.sample` returns it: at most `count` puzzles per split."""
        full, _ = self.generated_counts  # the published sets have 1,000 as well
        return TaskSample(self.sample(min(count, full)), full)

    def content(self) -> Mapping[str, str]:
        """Digest the files of `path`, as `TaskSpec.content` does; empty for any other source.

        Raises:
            TrmbenchError: one is not there.
        """
        if self.path is None:
            return {}
        hint = f"it needs {' and '.join(FILES)}"
        return {"path": content_digest(Path(self.path).expanduser(), FILES, hint)}

    @property
    def origin(self) -> str:
        """The source that counts: a given path wins."""
        return "path" if self.path else self.source

    @property
    def generated_counts(self) -> tuple[int, int]:
        """Numbers of training and test puzzles to generate."""
        return self.train_puzzles or DEFAULT_GENERATED, self.test_puzzles or DEFAULT_GENERATED


def require(condition: bool, key: str, value: object, hint: str) -> None:
    """Raise a `TrmbenchError` that names the option `task.<key>` unless the condition holds."""
    if not condition:
        raise TrmbenchError(f"task.{key}={value} is not possible", hint)
