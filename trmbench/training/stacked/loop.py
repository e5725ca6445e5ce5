"""The training loop of several seeds that are trained as one computation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trmbench.errors import TrmbenchError
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.training.loop import SECONDS_BETWEEN_EVENTS, Stopped, Trainer
from trmbench.training.stacked.trainer import StackedTrainer


@dataclass
class Seed:
    """One of the seeds."""

    trainer: Trainer
    on_event: Callable[..., None]
    """Gets the fields of a `TrialEvent` as keywords."""
    checkpoints: RunningCheckpoints
    failure: TrmbenchError | None = None
    """Why it was left out: its loss is no longer a number."""


def train_together(seeds: Sequence[Seed], should_stop: Callable[[], bool]) -> None:
    """Train every seed to the last step, or until its loss is no longer a number.

    Seeds that are behind the furthest one, say since a checkpoint of theirs was damaged, first
    catch up alone. The seconds of a step are shared out evenly, so that they add up to the time
    that the stack took.

    Args:
        seeds: of one cell; those that fail get their `failure`, and the others go on.
        should_stop: asked after every step.

    Raises:
        Stopped: `should_stop` said so; a checkpoint of each seed is written.
    """
    try:
        _train(seeds, should_stop)
    finally:
        for seed in seeds:
            seed.checkpoints.wait()


def _train(seeds: Sequence[Seed], should_stop: Callable[[], bool]) -> None:
    furthest = max(seed.trainer.step for seed in seeds)
    for seed in seeds:
        _alone(seed, should_stop, furthest)
    while going := [seed for seed in seeds if seed.failure is None]:
        if _Stack(going).run(should_stop):
            return


def _alone(seed: Seed, should_stop: Callable[[], bool], until: int) -> None:
    try:
        seed.trainer.run(seed.on_event, should_stop, seed.checkpoints, until)
    except TrmbenchError as failure:
        seed.failure = failure


class _Stack:
    """Seeds that stay together until they are trained or one of them fails."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self.seeds = seeds
        self.stack = StackedTrainer([seed.trainer for seed in seeds])
        self.one = seeds[0].trainer
        self.last_event = self.last_saved = self.started = time.monotonic()
        self.first_step = self.stack.step

    def run(self, should_stop: Callable[[], bool]) -> bool:
        """Whether all of them are trained; if not, one has failed."""
        now = self.started
        while self.stack.step < self.one.total_steps:
            self.stack.train_step()
            before, now = now, time.monotonic()
            for seed in self.seeds:
                seed.trainer.seconds += (now - before) / len(self.seeds)
            at_end = self.stack.step == self.one.total_steps
            if self.stack.step % self.one.log_every == 0 or at_end:
                self._log()
            if now - self.last_event > SECONDS_BETWEEN_EVENTS or at_end:
                self._report(now)
            if should_stop():
                self._save()
                raise Stopped
            if any(seed.failure for seed in self.seeds):
                break
            if now - self.last_saved > self.one.execution.checkpoint_every:
                self.last_saved = now
                self._save()
        self.stack.unstack()
        return not any(seed.failure for seed in self.seeds)

    def _log(self) -> None:
        for seed in self.seeds:
            try:
                seed.trainer.log()
            except TrmbenchError as failure:
                seed.failure = failure

    def _report(self, now: float) -> None:
        self.last_event = now
        rate = (self.stack.step - self.first_step) / max(now - self.started, 1e-9)
        for seed in self.seeds:
            seed.on_event(**seed.trainer.progress(rate))

    def _save(self) -> None:
        self.stack.unstack()
        for seed in self.seeds:
            if seed.failure is None:
                seed.trainer.save(seed.checkpoints)
