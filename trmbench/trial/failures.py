"""What is done about a trial that ran out of memory, or was lost with its process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from trmbench.config.cell import apart
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store


def record_failure(trial: Trial, error: str) -> TrialResult:
    """Write the row of a trial that could not write its own; returns its result.

    The seeds stacked with it get theirs as well. What is finished stays so.
    """
    first, *others = [_failed(each, error) for each in apart(trial)]
    return replace(first, stacked=tuple(others))


def _failed(trial: Trial, error: str) -> TrialResult:
    store = Store(trial.results)
    if store.finished([trial.name]):
        return TrialResult(trial.trial_id, FINISHED)
    store.write_trial(trial, {"status": FAILED, "error": error})
    return TrialResult(trial.trial_id, FAILED, error)


def retry_in_less_memory(
    trial: Trial, why: str, on_event: Callable[[TrialEvent], None], workers: int = 1
) -> Trial:
    """Tell that a trial is tried again, and return what is to be tried.

    Seeds that were stacked are then trained one after the other, and any other trial with half the
    micro-batch.

    Args:
        trial: the trial that ran out of memory.
        why: its error, in one line.
        on_event: gets the news.
        workers: how many share its batches.
    """
    if trial.stacked:
        smaller, way = unstacked(trial), "one seed after the other"
    else:
        smaller = with_half_micro_batch(trial, workers)
        way = f"with {smaller.config['execution']['micro_batch']} puzzles at a time"
    on_event(TrialEvent.note(trial.trial_id, f"{why}; once more {way}"))
    return smaller


def can_take_less(trial: Trial, workers: int = 1) -> bool:
    """Whether a trial that ran out of memory might fit in some other way.

    Not if its gradients came from one puzzle at a time already.

    Args:
        trial: the trial.
        workers: how many share its batches.
    """
    return trial.stacked != () or _at_a_time(trial, workers) > 1


def with_half_micro_batch(trial: Trial, workers: int = 1) -> Trial:
    """The same trial, its gradients gathered from half as many puzzles at a time.

    Args:
        trial: the trial.
        workers: how many share its batches.
    """
    half = _at_a_time(trial, workers) // 2
    return unstacked(_executed(trial, {"micro_batch": max(1, half)}))


def _at_a_time(trial: Trial, workers: int) -> int:
    """The puzzles whose gradients are computed at a time."""
    wanted: int | None = trial.config["execution"]["micro_batch"]
    share: int = trial.config["train"]["batch_size"] // workers
    return share if wanted is None else min(wanted, share)


def unstacked(trial: Trial) -> Trial:
    """The same trial, its seeds one after the other; a stack has no micro-batches."""
    return _executed(trial, {"stack_seeds": False})


def _executed(trial: Trial, changes: Mapping[str, Any]) -> Trial:
    execution = {**trial.config["execution"], **changes}
    return replace(trial, config={**trial.config, "execution": execution})
