"""Deep supervision with halting: what happens between two weight updates.

Every slot of the batch works on one puzzle over up to N_sup supervision steps, carrying its state
along; when its puzzle halts, the slot takes its puzzle of the current batch (TRM, arXiv 2510.04871
section 4; HRM, arXiv 2506.21734 section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.spec import Batch, RecursiveModel, StepOutput
from trmbench.spec.models import Forward, State, Step, takes
from trmbench.streams import Draws
from trmbench.training.losses import SupervisionLoss


class Slots(NamedTuple):
    """The puzzles in work, one per slot."""

    batch: Batch
    state: State
    steps: Tensor
    """(B,) int64 supervision steps done on the puzzle."""
    halted: Tensor
    """(B,) bool: the slot takes a new puzzle next."""

    def map(self, make: Callable[..., Tensor], *others: Slots) -> Slots:
        """Slots whose every tensor is made from the same tensor of these and of the others."""
        each = (self, *others)
        return Slots(
            Batch(*map(make, *(slots.batch for slots in each))),
            tuple(map(make, *(slots.state for slots in each))),
            make(*(slots.steps for slots in each)),
            make(*(slots.halted for slots in each)),
        )


class Known(NamedTuple):
    """What a model whose `forward` takes a `Step` is told of a training step."""

    keys: Tensor
    """(B,) int64 keys of the slots' random numbers (`trmbench.streams.Draws`)."""
    progress: Tensor
    """() float32 share of the training that is done."""
    schedule: Mapping[str, int]

    def step(self, slots: Slots) -> Step:
        """The `Step` of these slots."""
        draw = Draws(self.keys)
        return Step(draw, True, self.progress, self.schedule, slots.steps, slots.batch.labels)


class Supervised(NamedTuple):
    """What one supervision step of some slots came to."""

    output: StepOutput
    loss: SupervisionLoss
    target: Tensor | None = None
    """(B,) target of the continue logit, for a model that needs one."""
    gradient_norm: Tensor | None = None
    """(S,) norm of the gradient of each of the S seeds before it was clipped, if it is."""


def map_output(make: Callable[..., Tensor], *outputs: StepOutput) -> StepOutput:
    """An output whose every tensor is made from the same tensor of these outputs."""

    def optional(*tensors: Tensor | None) -> Tensor | None:
        there = [tensor for tensor in tensors if tensor is not None]
        return make(*there) if there else None

    return StepOutput(
        tuple(map(make, *(output.state for output in outputs))),
        make(*(output.logits for output in outputs)),
        optional(*(output.halt_logits for output in outputs)),
        optional(*(output.continue_logits for output in outputs)),
        optional(*(output.confidence for output in outputs)),
        _map_losses(make, [output.losses for output in outputs if output.losses]),
    )


def _map_losses(
    make: Callable[..., Tensor], losses: Sequence[Mapping[str, Tensor]]
) -> dict[str, Tensor] | None:
    if not losses:
        return None
    return {name: make(*(each[name] for each in losses)) for name in losses[0]}


def end_to_end(*tensors: Tensor) -> Tensor:
    """Tensors (B, ...) of several batches as one of all their puzzles."""
    return torch.cat(tensors)


def initial_slots(batch: Batch, state: State) -> Slots:
    """Slots that all take a new puzzle at the first step."""
    steps = torch.zeros_like(batch.rows)
    return Slots(batch, state, steps, torch.ones_like(steps, dtype=torch.bool))


def refill(slots: Slots | None, fresh: Batch, initial_state: State) -> Slots:
    """Give the slots that have halted their puzzle of the fresh batch and the initial state.

    Args:
        slots: the puzzles in work; None before the first step, when there are none.
        fresh: a puzzle for each slot.
        initial_state: the state in which a puzzle begins.
    """
    begun = initial_slots(fresh, initial_state)
    before = begun if slots is None else slots

    def choose(new: Tensor, old: Tensor) -> Tensor:
        halted = before.halted.view(-1, *[1] * (old.dim() - 1))
        return torch.where(halted, new, old)

    return begun.map(choose, before)


def begin(slots: Slots | None, fresh: Batch, initial_state: State) -> tuple[Slots, Tensor]:
    """`refill` with the supervision steps (B,) int64 that are done after the next one."""
    filled = refill(slots, fresh, initial_state)
    return filled, filled.steps + 1


def first_step(
    model: RecursiveModel, state: State, tokens: Tensor, schedule: Mapping[str, int]
) -> StepOutput:
    """Take a first supervision step of training, to see what it costs.

    Args:
        model: the model.
        state: its initial state.
        tokens: (B, L) int64, which serve as questions and as answers.
        schedule: the model's whole numbers.
    """
    rows = tokens[:, 0]
    begun = initial_slots(Batch(tokens, tokens, rows, rows), state)
    forward: Forward = model
    if not takes(model.forward, "step"):
        return forward(state, tokens, rows)
    known = Known(rows, torch.zeros((), device=tokens.device), schedule)
    return forward(state, tokens, rows, known.step(begun))


@torch.no_grad()
def continue_target(
    forward: Forward, state: State, inputs: Tensor, rows: Tensor, is_last: Tensor, *step: Step
) -> Tensor:
    """(B,) target of the continue logit: the value of the next step, bootstrapped.

    sigmoid(max(q_halt', q_continue')) of one more step, or sigmoid(q_halt') at the last one
    (HRM, arXiv 2506.21734, section 2, "Adaptive computational time"). `step` is given to a model
    that takes it.

    Raises:
        TrmbenchError: the model has no such logits.
    """
    following = forward(state, inputs, rows, *step)
    halt, go_on = following.halt_logits, following.continue_logits
    if halt is None or go_on is None:
        raise TrmbenchError(
            "the model says needs_continue_target, and its output lacks halting or continue logits",
            "give StepOutput both, or leave needs_continue_target out",
        )
    return torch.where(is_last, halt, torch.maximum(halt, go_on)).sigmoid()
