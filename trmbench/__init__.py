"""trmbench: a benchmarking harness for small recursive reasoning models.

The public names are loaded when they are first used, so that importing trmbench costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "trmbench.errors": ("TrmbenchError",),
    "trmbench.hookspecs": ("hookimpl",),
    "trmbench.puzzles.files": ("published_puzzles",),
    "trmbench.puzzles.options": ("PuzzleOptions",),
    "trmbench.puzzles.reader": ("PuzzleFormat", "read_puzzles"),
    "trmbench.puzzles.splits": ("Puzzles", "make_splits", "make_table"),
    "trmbench.puzzles.task": ("PuzzleTask",),
    "trmbench.puzzles.votes": ("permutation_votes",),
    "trmbench.spec": (
        "IGNORED_LABEL",
        "Answers",
        "BaseCell",
        "Batch",
        "Context",
        "ModelSpec",
        "NoOptions",
        "Predictions",
        "Preset",
        "PuzzleTable",
        "RecursiveModel",
        "Runner",
        "RunnerSpec",
        "Scores",
        "Solver",
        "StepOutput",
        "Task",
        "TaskInfo",
        "TaskSpec",
        "Trial",
        "TrialEvent",
        "TrialResult",
        "Votes",
    ),
    "trmbench.trial": ("run_trial",),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = [*sorted(_MODULE_OF), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trmbench' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
