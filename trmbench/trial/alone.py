"""One trial from configuration to rows: claimed, run, and run again where memory fell short."""

from __future__ import annotations

from collections.abc import Callable

from trmbench.errors import TrmbenchError
from trmbench.machine import free_memory
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.status import CLAIMED, FAILED, FINISHED
from trmbench.store import Store
from trmbench.store.claims import Claim, Claimed, claimed
from trmbench.training.workers import ONE_WORKER, Workers
from trmbench.trial.failures import can_take_less, retry_in_less_memory
from trmbench.trial.outcome import Outcome, outcome
from trmbench.trial.train import TrialRun


def run_alone(
    trial: Trial,
    on_event: Callable[[TrialEvent], None],
    should_stop: Callable[[], bool],
    *,
    again: bool = False,
    workers: Workers = ONE_WORKER,
) -> TrialResult:
    """One trial as `trmbench.run_trial` does it.

    Args:
        trial: what to do.
        on_event: gets the progress.
        should_stop: asked after every training step; when true, training is checkpointed and left.
        again: test it again, even if it is finished.
        workers: the processes that train it together; this process leads them (`run_shared_trial`).
    """
    try:
        with claimed(trial.results, trial.trial_id) as claim:
            if not again and Store(trial.results).done([trial]):
                return TrialResult(trial.trial_id, FINISHED)
            while True:
                how, tried = _execute(trial, claim, on_event, should_stop, workers)
                if not (how.out_of_memory and can_take_less(tried, workers.size)):
                    return how.result(trial.trial_id)
                trial = retry_in_less_memory(tried, str(how.error), on_event, workers.size)
                free_memory()
    except Claimed as other:
        return TrialResult(trial.trial_id, CLAIMED, str(other))
    except TrmbenchError as error:  # not even a row can be written, say on a full disk
        return TrialResult(trial.trial_id, FAILED, str(error))


def _execute(
    trial: Trial,
    claim: Claim,
    on_event: Callable[[TrialEvent], None],
    should_stop: Callable[[], bool],
    workers: Workers,
) -> tuple[Outcome, Trial]:
    """Run a trial; returns how it went, and the trial as it was run in the memory that is free."""
    run = TrialRun(trial, on_event, lambda: claim.lost or should_stop(), workers)
    workers.decide(trial)  # those that assist train this one next

    def train_and_test() -> None:
        run.prepare()
        run.test()

    how = run.record.conclude(outcome(train_and_test, workers), claim)
    return how, run.parts.trial
