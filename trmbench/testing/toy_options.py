"""Options of the toy task and the toy model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ToyTaskOptions:
    """The number of puzzles and their shape."""

    train_puzzles: int = 64
    test_puzzles: int = 32
    columns: int = 6
    identifiers: int = 1
    """Puzzle identifiers, shared out among the puzzles in turn."""


@dataclass(frozen=True)
class ToyModelOptions:
    """The size of the network, and a fault on demand."""

    width: int = 16
    steps: int = 2
    fails: bool = False
    """Raise an error instead of answering, to try how failures are handled."""
