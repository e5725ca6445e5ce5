"""Floating-point operations of a training step and of a test step.

A model that knows its own arithmetic tells it by formula (`forward_flops`, see
`trmbench.nn.ForwardFlops`); any other is traced once on torch's `meta` device, which computes
shapes and no numbers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from trmbench.nn import ForwardFlops
from trmbench.spec import RecursiveModel
from trmbench.spec.models import NO_SCHEDULE, capabilities, initial_state
from trmbench.streams import Draws
from trmbench.training.losses import supervision_loss
from trmbench.training.supervision import first_step
from trmbench.training.weights import module_of

BACKWARD = 2
"""Products of a backward pass per product of its forward pass: one gradient for each factor."""


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
    passes = able.forward_flops() if able.forward_flops else traced_flops(model, seq_len, schedule)
    further = passes.total if able.needs_continue_target else 0
    training = passes.total + BACKWARD * passes.with_gradient + further
    return StepFlops(training, passes.total)


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
