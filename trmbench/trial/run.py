"""One trial, alone or with further seeds stacked on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trmbench.config.cell import apart
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.trial.alone import run_alone
from trmbench.trial.stack import run_stacked


def run_trial(
    trial: Trial,
    on_event: Callable[[TrialEvent], None] = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    *,
    again: bool = False,
) -> TrialResult:
    """Train if need be, test, and write the rows; an error becomes a row as well.

    A trial that another living process does is left to it: the result's status is "claimed". One
    that runs out of memory goes on with half the micro-batch, until it fits. A trial with further
    seeds stacked on it is trained with them; their results are in its own.

    Args:
        trial: what to do.
        on_event: gets the progress.
        should_stop: asked after every training step; when true, training is checkpointed and left.
        again: test it again, even if it is finished.
    """
    if trial.stacked and trial.config["execution"]["stack_seeds"]:
        results = run_stacked(trial, on_event, should_stop, again=again)
    else:
        results = [run_alone(each, on_event, should_stop, again=again) for each in apart(trial)]
    return replace(results[0], stacked=tuple(results[1:]))
