"""Floating-point operations of a training step and of a test step.

A model that knows its own arithmetic tells it by formula (`forward_flops`, see
`trmbench.nn.ForwardFlops`); any other is traced once on torch's `meta` device, which computes
shapes and no numbers.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from trmbench.spec import RecursiveModel
from trmbench.spec.models import (
    NO_SCHEDULE,
    Capabilities,
    ForwardFlops,
    Schedule,
    capabilities,
    initial_state,
    takes,
)
from trmbench.streams import Draws
from trmbench.training.losses import supervision_loss
from trmbench.training.supervision import first_step
from trmbench.training.weights import module_of

BACKWARD = 2
"""Products of a backward pass per product of its forward pass: one gradient for each factor."""
MOST_LOOKS = 100_000
"""Training steps whose stage of a schedule is looked up; of a longer training every so-manieth."""


@dataclass(frozen=True)
class StepFlops:
    """Operations of the matrix products of one puzzle in one step."""

    training: int
    """Forward, backward, and the further forward pass of a model with a continue head."""
    test: int
    """One supervision step."""


def step_flops(
    model: RecursiveModel, seq_len: int, schedule: Mapping[str, int] = NO_SCHEDULE
) -> StepFlops:
    """Count the operations of a recursive model per puzzle.

    Args:
        model: the model; it is not changed, and may be on any device.
        seq_len: tokens of a puzzle.
        schedule: the model's whole numbers.
    """
    able = capabilities(model)
    passes = _by_formula(able, schedule) or traced_flops(model, seq_len, schedule)
    further = passes.total if able.needs_continue_target else 0
    training = passes.total + BACKWARD * passes.with_gradient + further
    return StepFlops(training, passes.total)


def _by_formula(able: Capabilities, schedule: Mapping[str, int]) -> ForwardFlops | None:
    """What the model tells of itself, if it does; with a schedule, of its present stage."""
    if able.forward_flops is None:
        return None
    given = {"schedule": schedule} if takes(able.forward_flops, "schedule") else {}
    return able.forward_flops(**given)


def training_flops(
    model: RecursiveModel, seq_len: int, batch_size: int, steps: int, schedule: Schedule
) -> int:
    """Count the operations of a whole training: every step has `batch_size` puzzles in work.

    Args:
        model: the model.
        seq_len: tokens of a puzzle.
        batch_size: puzzles of a training step.
        steps: training steps.
        schedule: the model's whole numbers by the share of the training that is done.
    """
    looks = max(1, min(steps, MOST_LOOKS))
    stages = Counter(frozenset(schedule(look / looks).items()) for look in range(looks))
    each = sum(
        count * step_flops(model, seq_len, dict(stage)).training for stage, count in stages.items()
    )
    return batch_size * steps * each // looks


def traced_flops(
    model: RecursiveModel, seq_len: int, schedule: Mapping[str, int] = NO_SCHEDULE
) -> ForwardFlops:
    """Count what `forward_flops` would tell."""
    from torch.utils.flop_counter import FlopCounterMode  # slow to load, and rarely needed

    recursive = copy.deepcopy(model)
    module_of(recursive).to("meta")
    tokens = torch.zeros(1, seq_len, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as forward:
        state = initial_state(recursive, 1, torch.float32, Draws(tokens[:, 0]))
        output = first_step(recursive, state, tokens, schedule)
    with FlopCounterMode(display=False) as backward:
        supervision_loss(output, tokens).total.backward()
    with_gradient = backward.get_total_flops() // BACKWARD
    return ForwardFlops(forward.get_total_flops() - with_gradient, with_gradient)
