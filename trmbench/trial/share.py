"""Data-parallel trials: several processes train one, and the first of them does the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from trmbench.machine import free_memory
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.training.loop import Stopped
from trmbench.training.workers import DistributedWorkers, FailedElsewhere, Workers
from trmbench.trial.alone import run_alone
from trmbench.trial.train import TrialRun


def run_shared_trial(
    trial: Trial, on_event: Callable[[TrialEvent], None], should_stop: Callable[[], bool]
) -> TrialResult | None:
    """`run_trial` by all processes of torch.distributed's default group together.

    Every process calls it with the same trial, whose results folder all of them see. Batches and
    their order are as in a single process, each process takes its share of the slots, and the
    checkpoints are the ordinary ones, with which any number of processes goes on.

    Returns:
        The result in the process of rank 0, None in the others.
    """
    workers = DistributedWorkers()
    if not workers.leads:
        _assist(workers)
        return None
    result = run_alone(trial, on_event, should_stop, workers=workers)
    workers.decide(None)
    return result


def _assist(workers: Workers) -> None:
    """Train along with the leader, as often as it begins."""
    while (trial := _next_trial(workers)) is not None:
        run = TrialRun(trial, lambda event: None, lambda: False, workers)
        try:
            with contextlib.suppress(Stopped):
                run.prepare()
        except Exception as failure:  # all hear of it; the leader records it
            workers.first_failure(failure)
        del run
        free_memory()


def _next_trial(workers: Workers) -> Trial | None:
    """What the leader begins next; its failure to test the last one is no concern here."""
    while True:
        with contextlib.suppress(FailedElsewhere):
            trial: Trial | None = workers.decide(None)
            return trial
