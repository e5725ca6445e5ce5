"""One call of a recursive model, as the harness makes it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel, StepOutput
from trmbench.spec.models import NO_SCHEDULE, Forward, State, Step, initial_state, takes
from trmbench.streams import draws


def begin(
    model: RecursiveModel, size: int, dtype: torch.dtype = torch.float32, seed: int = 0
) -> State:
    """Return the state in which the harness begins `size` puzzles.

    Args:
        model: the model.
        size: how many puzzles.
        dtype: type of the state and so of the computation.
        seed: of the random numbers, for a model whose states begin at random.
    """
    return initial_state(model, size, dtype, draws(seed, "initial state", 0, torch.arange(size)))


def step(
    model: RecursiveModel,
    state: State,
    inputs: Tensor,
    puzzle_identifiers: Tensor,
    *,
    training: bool = False,
    labels: Tensor | None = None,
    seed: int = 0,
    number: int = 0,
    schedule: Mapping[str, int] = NO_SCHEDULE,
) -> StepOutput:
    """Take one supervision step, telling the model what its `forward` asks for.

    Args:
        model: the model.
        state: the state before the step, each part (B, ...).
        inputs: (B, L) int64 tokens.
        puzzle_identifiers: (B,) int64, or the rows (B, dim) of the puzzle embedding.
        training: whether it is a step of training.
        labels: (B, L) int64; the model sees them in training alone.
        seed: of the random numbers: equal seeds and numbers draw the same.
        number: supervision steps that were done before.
        schedule: the model's whole numbers (`ModelSpec.schedule`).
    """
    forward: Forward = model
    if not takes(model.forward, "step"):
        return forward(state, inputs, puzzle_identifiers)
    slots = torch.arange(len(inputs), device=inputs.device)
    told = Step(
        draw=draws(seed, "forward", number, slots),
        training=training,
        progress=torch.full((), 0.0 if training else 1.0, device=inputs.device),
        schedule=schedule,
        number=torch.full_like(slots, number),
        labels=labels if training else None,
    )
    return forward(state, inputs, puzzle_identifiers, told)
