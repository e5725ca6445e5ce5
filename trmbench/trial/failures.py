"""What a runner does about a trial that was lost with its process."""

from __future__ import annotations

import dataclasses

from trmbench.spec import Trial, TrialResult
from trmbench.spec.status import FAILED
from trmbench.store import Store


def record_failure(trial: Trial, error: str) -> TrialResult:
    """Write the row of a trial that could not write its own; returns its result.

    Those of the seeds stacked with it likewise.
    """
    Store(trial.results).write_trial(trial, {"status": FAILED, "error": error})
    others = tuple(record_failure(other, error) for other in trial.stacked)
    return TrialResult(trial.trial_id, FAILED, error, stacked=others)


def with_half_micro_batch(trial: Trial, workers: int = 1) -> Trial:
    """The same trial, its gradients gathered from half as many puzzles at a time.

    Args:
        trial: the trial.
        workers: how many share its batches.
    """
    execution = trial.config["execution"]
    size = execution["micro_batch"] or trial.config["train"]["batch_size"] // workers
    halved = {**execution, "micro_batch": max(1, size // 2)}
    return dataclasses.replace(trial, config={**trial.config, "execution": halved})
