"""The training loop, of one trial or of several that take every step together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trmbench.errors import TrmbenchError
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.training.pace import Pace
from trmbench.training.trainer import Trainer

_GO, _SAVE, _STOP = range(3)
"""What a worker wants after a training step; the highest wish is everybody's order."""


class Stopped(Exception):
    """Training was asked to stop; its checkpoint is written."""


@dataclass
class TrainingRun:
    """A training with its listener and its checkpoints."""

    trainer: Trainer
    on_event: Callable[..., None]
    """Gets the fields of a `TrialEvent` as keywords, and the learning curve as `curve`."""
    checkpoints: RunningCheckpoints
    failure: TrmbenchError | None = None
    """Why it cannot go on: its loss is no longer a number."""

    def train(self, should_stop: Callable[[], bool], until: int | None = None) -> None:
        """Train to the last step.

        Args:
            should_stop: asked after every step; any worker's suffices.
            until: the step to stop before; None = to the last.

        Raises:
            Stopped: `should_stop` said so; a checkpoint is written.
            TrmbenchError: the loss is no longer a number, or a checkpoint cannot be written.
        """
        trainer = self.trainer
        trainer.module.train()
        try:
            train_in_step([self], trainer.train_step, should_stop, until)
        finally:
            self.checkpoints.wait()
        if self.failure is not None:
            raise self.failure

    def log(self) -> None:
        """Add a point to the learning curve, or note the failure."""
        try:
            self.trainer.log()
        except TrmbenchError as failure:
            self.failure = failure

    def tell(self, rate: float) -> None:
        """Send an event, at so many steps per second."""
        self.on_event(**self.trainer.progress(rate))

    def save(self) -> None:
        """Have a checkpoint written."""
        self.trainer.save(self.checkpoints)


def train_in_step(
    runs: Sequence[TrainingRun],
    train_step: Callable[[], None],
    should_stop: Callable[[], bool],
    until: int | None = None,
    before_saving: Callable[[], None] = lambda: None,
) -> None:
    """Train to the last step, or until a run fails, which then has its `failure`.

    The seconds of a step are shared out evenly over the runs, so that they add up to the time that
    the step took.

    Args:
        runs: at the same step of the same cell.
        train_step: takes the next step of all of them.
        should_stop: asked after every step; any worker's suffices.
        until: the step to stop before; None = to the last.
        before_saving: called before the runs are saved, and before their weights are looked at.

    Raises:
        Stopped: `should_stop` said so; a checkpoint of each run is written.
        TrmbenchError: a checkpoint cannot be written.
    """
    one = runs[0].trainer
    last = one.total_steps if until is None else until
    pace = Pace(one.step, one.execution.checkpoint_every)
    while one.step < last:
        train_step()
        share = pace.lap() / len(runs)
        for run in runs:
            run.trainer.seconds += share
        _log_and_tell(runs, pace)
        if one.is_due_to_look:
            before_saving()
            for run in runs:
                run.trainer.look()
        if any(run.failure for run in runs):
            return
        wish = _STOP if should_stop() else _SAVE if pace.is_time_to_save else _GO
        order = one.workers.highest(wish)
        if order != _GO:
            pace.saved()
            before_saving()
            for run in runs:
                run.save()
        if order == _STOP:
            raise Stopped


def _log_and_tell(runs: Sequence[TrainingRun], pace: Pace) -> None:
    one = runs[0].trainer
    is_last = one.step == one.total_steps
    if is_last or one.step % one.log_every == 0:
        for run in runs:
            run.log()
    if is_last or pace.is_time_to_tell:
        pace.told()
        for run in runs:
            if run.failure is None:
                run.tell(pace.rate(one.step))
