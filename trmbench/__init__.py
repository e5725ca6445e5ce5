"""trmbench: a benchmarking harness for small recursive reasoning models.

The public names are loaded when they are first used, so that importing trmbench costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trmbench.api import (
        compare as compare,
        load as load,
        run as run,
    )
    from trmbench.errors import (
        TrmbenchError as TrmbenchError,
    )
    from trmbench.failures import (
        record_failure as record_failure,
        with_half_micro_batch as with_half_micro_batch,
    )
    from trmbench.hookspecs import (
        hookimpl as hookimpl,
    )
    from trmbench.puzzles.files import (
        published_puzzles as published_puzzles,
    )
    from trmbench.puzzles.generation import (
        distinct_puzzles as distinct_puzzles,
    )
    from trmbench.puzzles.options import (
        PuzzleOptions as PuzzleOptions,
    )
    from trmbench.puzzles.reader import (
        PuzzleFormat as PuzzleFormat,
        read_puzzles as read_puzzles,
    )
    from trmbench.puzzles.splits import (
        Puzzles as Puzzles,
        make_splits as make_splits,
        make_table as make_table,
    )
    from trmbench.puzzles.task import (
        PuzzleTask as PuzzleTask,
    )
    from trmbench.puzzles.votes import (
        permutation_votes as permutation_votes,
    )
    from trmbench.shared_trial import (
        run_shared_trial as run_shared_trial,
    )
    from trmbench.spec import (
        IGNORED_LABEL as IGNORED_LABEL,
        Answers as Answers,
        BaseCell as BaseCell,
        Batch as Batch,
        Context as Context,
        ModelSpec as ModelSpec,
        NoOptions as NoOptions,
        Predictions as Predictions,
        Preset as Preset,
        PuzzleTable as PuzzleTable,
        RecursiveModel as RecursiveModel,
        ReferenceWeights as ReferenceWeights,
        Runner as Runner,
        RunnerSpec as RunnerSpec,
        Scores as Scores,
        Solver as Solver,
        StepOutput as StepOutput,
        Task as Task,
        TaskInfo as TaskInfo,
        TaskSpec as TaskSpec,
        Trial as Trial,
        TrialEvent as TrialEvent,
        TrialResult as TrialResult,
        Votes as Votes,
    )
    from trmbench.trial import (
        run_trial as run_trial,
    )

__version__ = "0.1.0"

_PUBLIC = {
    "trmbench.api": ("compare", "load", "run"),
    "trmbench.errors": ("TrmbenchError",),
    "trmbench.failures": ("record_failure", "with_half_micro_batch"),
    "trmbench.hookspecs": ("hookimpl",),
    "trmbench.puzzles.files": ("published_puzzles",),
    "trmbench.puzzles.generation": ("distinct_puzzles",),
    "trmbench.puzzles.options": ("PuzzleOptions",),
    "trmbench.puzzles.reader": ("PuzzleFormat", "read_puzzles"),
    "trmbench.puzzles.splits": ("Puzzles", "make_splits", "make_table"),
    "trmbench.puzzles.task": ("PuzzleTask",),
    "trmbench.puzzles.votes": ("permutation_votes",),
    "trmbench.shared_trial": ("run_shared_trial",),
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
        "ReferenceWeights",
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
