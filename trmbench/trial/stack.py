"""Seeds of one cell in one process: trained together, then tested and recorded one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch

from trmbench.config.cell import apart
from trmbench.errors import TrmbenchError
from trmbench.machine import available_cores, free_memory
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.status import CLAIMED, FAILED, FINISHED
from trmbench.store.claims import Claim, Claimed, claimed
from trmbench.training.loop import TrainingRun
from trmbench.training.stacked.loop import train_together
from trmbench.training.workers import ONE_WORKER
from trmbench.trial.alone import run_alone
from trmbench.trial.failures import unstacked
from trmbench.trial.outcome import Outcome, outcome
from trmbench.trial.train import TrialRun

OnEvent = Callable[[TrialEvent], None]
ShouldStop = Callable[[], bool]


def run_stacked(
    trial: Trial, on_event: OnEvent, should_stop: ShouldStop, *, again: bool = False
) -> list[TrialResult]:
    """Do what `run_trial` does, for a trial and the seeds stacked with it; a result for each.

    A seed that fails, is finished or is another process's leaves the others alone. Where memory
    does not suffice for all at once, they are trained one after the other.
    """
    trials = apart(trial)
    torch.set_num_threads(stack_threads(trials))
    with ExitStack() as claims:
        members = [_Member(each, claims, on_event, should_stop, again) for each in trials]
        for member in members:
            member.attempt(member.begin)
        _train(members)
        for member in members:
            member.finish()
    return [_result(member, on_event, should_stop) for member in members]


def stack_threads(trials: Sequence[Trial]) -> int:
    """CPU threads of a stack: as many as its trials would have side by side, and as there are."""
    return min(available_cores(), sum(trial.threads for trial in trials))


class _Member:
    """One of the trials of a stack; it has an outcome as soon as nothing is left to do."""

    def __init__(
        self,
        trial: Trial,
        claims: ExitStack,
        on_event: OnEvent,
        should_stop: ShouldStop,
        again: bool,
    ) -> None:
        self.trial = trial
        self.seed: TrainingRun | None = None
        self.how: Outcome | None = None
        try:
            self.claim: Claim = claims.enter_context(claimed(trial.results, trial.trial_id))
            self.run = TrialRun(trial, on_event, self.should_stop)
            if not again and self.run.store.done([trial]):
                self.how = Outcome(FINISHED)
        except Claimed as other:
            self.how = Outcome(CLAIMED, str(other))
        except TrmbenchError as error:  # not even a claim can be written, say on a full disk
            self.how = Outcome(FAILED, str(error))
        self._should_stop = should_stop

    def should_stop(self) -> bool:
        """Whether the trial was taken over, or all are to stop."""
        return self.claim.lost or self._should_stop()

    def begin(self) -> None:
        """Build what the trial consists of, up to its last checkpoint."""
        self.run.begin()
        if self.run.parts.needs_training:
            trainer = self.run.begin_training()
            if trainer is not None:
                self.seed = TrainingRun(trainer, self.run.training_event, self.run.running)
        else:
            self.run.learn()

    def finish(self) -> None:
        """Keep what was learned, test, and record how it went."""
        if self.attempt(self._conclude) and self.how is None:
            self.end(Outcome(FINISHED))

    def _conclude(self) -> None:
        if self.seed is not None:
            if self.seed.failure is not None:
                raise self.seed.failure
            self.run.end_training(self.seed.trainer)
        self.run.test()

    def attempt(self, action: Callable[[], None]) -> bool:
        """Whether an action was done and went well; if it went wrong, the trial ends."""
        if self.how is None:
            how = outcome(action, ONE_WORKER)
            if how.status == FINISHED:
                return True
            self.end(how)
        return False

    def end(self, how: Outcome) -> None:
        """Write the trial's row."""
        try:
            self.how = self.run.record.conclude(how, self.claim)
        except TrmbenchError as error:
            self.how = Outcome(FAILED, str(error))


def _train(members: Sequence[_Member]) -> None:
    """Train the members that need it; what stops one computation stops all of them."""
    waiting = [member for member in members if member.how is None]
    seeds = {member: member.seed for member in waiting if member.seed is not None}
    if not seeds:
        return
    how = outcome(
        lambda: train_together(
            list(seeds.values()), lambda: any(member.should_stop() for member in seeds)
        ),
        ONE_WORKER,
    )
    if how.status != FINISHED:
        for member in seeds:
            member.end(how)


def _result(member: _Member, on_event: OnEvent, should_stop: ShouldStop) -> TrialResult:
    """How a member ended, if need be by itself: where the stack did not fit into memory."""
    trial, how = member.trial, member.how
    assert how is not None
    if not how.out_of_memory:
        return how.result(trial.trial_id)
    on_event(TrialEvent.note(trial.trial_id, f"{how.error}; once more without the other seeds"))
    member.seed = None
    free_memory()
    return run_alone(unstacked(trial), on_event, should_stop)
