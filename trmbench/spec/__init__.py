"""The contracts between the harness and its plugins; standard library only.

A plugin describes what it offers with a spec (`ModelSpec`, `TaskSpec`, `RunnerSpec`). The parts
are loaded when they are first used: listing what is installed needs the specs alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trmbench.spec.models import (
        Context as Context,
        RecursiveModel as RecursiveModel,
        Solver as Solver,
        StepOutput as StepOutput,
    )
    from trmbench.spec.offers import (
        BaseCell as BaseCell,
        ModelSpec as ModelSpec,
        NoOptions as NoOptions,
        Preset as Preset,
        ReferenceWeights as ReferenceWeights,
        RunnerSpec as RunnerSpec,
        TaskSpec as TaskSpec,
    )
    from trmbench.spec.puzzles import (
        IGNORED_LABEL as IGNORED_LABEL,
        Answers as Answers,
        Batch as Batch,
        Predictions as Predictions,
        PuzzleTable as PuzzleTable,
        Scores as Scores,
        Task as Task,
        TaskInfo as TaskInfo,
        Votes as Votes,
    )
    from trmbench.spec.trials import (
        Runner as Runner,
        Trial as Trial,
        TrialEvent as TrialEvent,
        TrialResult as TrialResult,
    )

_PARTS = {
    "models": ("Context", "RecursiveModel", "Solver", "StepOutput"),
    "offers": (
        *("BaseCell", "ModelSpec", "NoOptions", "Preset", "ReferenceWeights"),
        *("RunnerSpec", "TaskSpec"),
    ),
    "puzzles": (
        *("IGNORED_LABEL", "Answers", "Batch", "Predictions", "PuzzleTable"),
        *("Scores", "Task", "TaskInfo", "Votes"),
    ),
    "trials": ("Runner", "Trial", "TrialEvent", "TrialResult"),
}
_PART_OF = {name: part for part, names in _PARTS.items() for name in names}

__all__ = sorted(_PART_OF)


def __getattr__(name: str) -> Any:
    if name not in _PART_OF:
        raise AttributeError(f"module 'trmbench.spec' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"trmbench.spec.{_PART_OF[name]}"), name)
    globals()[name] = value
    return value
