"""The memory that a trial's training takes, and how many puzzles at a time fit into it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from trmbench.errors import TrmbenchError, one_line
from trmbench.machine import available_memory, free_memory, is_out_of_memory
from trmbench.spec import RecursiveModel
from trmbench.training.memory import StepMemory, rehearse
from trmbench.training.workers import Workers
from trmbench.trial.build import TrialParts

SAFE_SHARE = 0.9
"""Of the memory that is free; the rest is lost in gaps, and in what kernels take for themselves."""

SMALL_FLOPS = 10**9
"""Operations below which numbers are computed sooner than torch learns to do without."""


def step_memory(parts: TrialParts, build: Callable[[], RecursiveModel]) -> StepMemory:
    """Predict the memory of a trial's training step.

    Args:
        parts: the trial's parts.
        build: makes its model, on any device; what it makes is changed.
    """
    return rehearse(
        build,
        parts.task.info.seq_len,
        parts.train,
        parts.execution,
        parts.optimizer_entry.spec,
        parts.schedule(1.0),
        fused_attention=parts.device.type == "cpu" or parts.train.precision != "float64",
    )


def rehearsal_device(flops: int) -> torch.device:
    """Where the step of a model that is not there yet is rehearsed soonest.

    Without numbers torch loads a thousand modules of symbolic algebra.

    Args:
        flops: operations of a training step of one puzzle.
    """
    return torch.device("cpu" if flops <= SMALL_FLOPS else "meta")


def fit_into_memory(
    model: Any, parts: TrialParts, workers: Workers, say: Callable[[str], None]
) -> None:
    """Halve the micro-batch of a trial until its training fits into its GPU, and say so.

    On a CPU nothing is changed: there the same configuration gives the same bytes on any machine.
    Neither are stacked seeds, which are trained one after the other where they do not fit.

    Args:
        model: the trial's model, on its device; is not changed.
        parts: the trial's parts.
        workers: the processes that train it together.
        say: gets the line.
    """
    if parts.device.type != "cuda" or parts.execution.stack_seeds:
        return
    free_memory()
    room = available_memory(parts.device)
    share = workers.share(parts.train.batch_size)
    batch_size = share.stop - share.start
    wanted = min(parts.execution.micro_batch or batch_size, batch_size)
    try:
        found = step_memory(parts, lambda: copy.deepcopy(model))
    except Exception as error:  # a plugin's model may raise anything, and may train all the same
        say(f"the memory of its training step cannot be predicted: {one_line(error)}")
        return
    finally:
        free_memory()
    size = found.largest_part(batch_size, SAFE_SHARE * room, wanted)
    if size < wanted:
        parts.train_at_a_time(size)
        needed = found.peak(batch_size, wanted)
        say(
            f"trains {size} puzzles at a time: {wanted} would take {needed / 1e9:.1f} GB,"
            f" and {room / 1e9:.1f} GB are free"
        )


@contextmanager
def testing_in_memory(parts: TrialParts) -> Iterator[None]:
    """Say what helps where the test of a trial runs out of memory: a new training would not.

    Raises:
        TrmbenchError: it did.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        size = parts.evaluation.batch_size
        raise TrmbenchError(
            f"out of memory: the test of {size} puzzles at a time: {one_line(error)}",
            f"the trained weights are kept; --set evaluation.batch_size={max(1, size // 2)}",
        ) from error
