"""The training loop of several seeds that are trained as one computation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trmbench.errors import TrmbenchError
from trmbench.training.loop import TrainingRun, train_in_step
from trmbench.training.stacked.trainer import StackedTrainer


def train_together(seeds: Sequence[TrainingRun], should_stop: Callable[[], bool]) -> None:
    """Train every seed to the last step, or until its loss is no longer a number.

    Seeds that are behind the furthest one, say since a checkpoint of theirs was damaged, first
    catch up alone.

    Args:
        seeds: of one cell; seeds that fail get their `failure`, and the others go on.
        should_stop: asked after every step.

    Raises:
        Stopped: `should_stop` said so; a checkpoint of each seed is written.
        TrmbenchError: a checkpoint of the stack cannot be written.
    """
    furthest = max(seed.trainer.step for seed in seeds)
    try:
        for seed in seeds:
            _catch_up(seed, should_stop, furthest)
        while going := [seed for seed in seeds if seed.failure is None]:
            stack = StackedTrainer([seed.trainer for seed in going])
            train_in_step(going, stack.train_step, should_stop, before_saving=stack.unstack)
            stack.unstack()
            if not any(seed.failure for seed in going):
                return
    finally:
        for seed in seeds:
            seed.checkpoints.wait()


def _catch_up(seed: TrainingRun, should_stop: Callable[[], bool], until: int) -> None:
    try:
        seed.train(should_stop, until)
    except TrmbenchError as failure:
        seed.failure = failure
