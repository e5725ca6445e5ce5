"""Floating-point operations of a training step and of a test step.

A model that knows its own arithmetic tells it by formula (`forward_flops`, see
`trmbench.nn.ForwardFlops`); any other is traced once on torch's `meta` device, which computes
shapes and no numbers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trmbench.nn import ForwardFlops
from trmbench.training.losses import supervision_loss
from trmbench.training.supervision import needs_continue_target

BACKWARD = 2
"""Products of a backward pass per product of its forward pass: one gradient for each factor."""


@dataclass(frozen=True)
class StepFlops:
    """Operations of the matrix products of one puzzle in one step."""

    training: int
    """Forward, backward, and the further forward pass of a model with a continue head."""
    test: int
    """One supervision step."""


def step_flops(model: Any, seq_len: int) -> StepFlops:
    """Operations of a recursive model per puzzle.

    Args:
        model: the model; it is not changed, and may be on any device.
        seq_len: tokens of a puzzle.
    """
    formula = getattr(model, "forward_flops", None)
    passes: ForwardFlops = formula() if formula is not None else traced_flops(model, seq_len)
    further = passes.total if needs_continue_target(model) else 0
    training = passes.total + BACKWARD * passes.with_gradient + further
    return StepFlops(training, passes.total)


def traced_flops(model: nn.Module, seq_len: int) -> ForwardFlops:
    """What `forward_flops` tells, counted."""
    from torch.utils.flop_counter import FlopCounterMode  # slow to load, and rarely needed

    model = copy.deepcopy(model).to("meta")
    recursive: Any = model
    tokens = torch.zeros(1, seq_len, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as forward:
        output = recursive(recursive.initial_state(1), tokens, tokens[:, 0])
    with FlopCounterMode(display=False) as backward:
        supervision_loss(output, tokens).total.backward()
    with_gradient = backward.get_total_flops() // BACKWARD
    return ForwardFlops(forward.get_total_flops() - with_gradient, with_gradient)
