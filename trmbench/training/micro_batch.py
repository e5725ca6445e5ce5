"""A batch in parts: gradients gathered from fewer puzzles at a time take less memory.

Losses are sums over the batch and no puzzle sees another, so the gradients of the parts add up to
those of the whole, but for the order of floating-point additions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from trmbench.spec import Batch, StepOutput
from trmbench.training.losses import SupervisionLoss
from trmbench.training.supervision import Slots


def parts(
    slots: Slots, done: Tensor, rows: Tensor, size: int
) -> Iterator[tuple[Slots, Tensor, Tensor]]:
    """Slots, their supervision steps (B,) and puzzle-embedding rows (B, ...), `size` at a time."""
    for start in range(0, len(done), size):
        chosen = slice(start, start + size)
        part = Slots(
            Batch(*(tensor[chosen] for tensor in slots.batch)),
            tuple(tensor[chosen] for tensor in slots.state),
            slots.steps[chosen],
            slots.halted[chosen],
        )
        yield part, done[chosen], rows[chosen]


def detached(output: StepOutput, loss: SupervisionLoss) -> tuple[StepOutput, SupervisionLoss]:
    """The same figures without what a backward pass needs."""
    halt, continue_ = (
        None if part is None else part.detach()
        for part in (output.halt_logits, output.continue_logits)
    )
    return (
        StepOutput(output.state, output.logits.detach(), halt, continue_),
        SupervisionLoss(*(part.detach() for part in loss)),
    )


def joined(
    figures: Sequence[tuple[StepOutput, SupervisionLoss]],
) -> tuple[StepOutput, SupervisionLoss]:
    """The output and the loss of the whole batch, from those of its parts in order."""
    outputs, losses = zip(*figures, strict=True)
    states = zip(*(output.state for output in outputs), strict=True)
    return (
        StepOutput(
            tuple(torch.cat(state) for state in states),
            torch.cat([output.logits for output in outputs]),
            _cat([output.halt_logits for output in outputs]),
            _cat([output.continue_logits for output in outputs]),
        ),
        SupervisionLoss(*(torch.stack(part).sum(0) for part in zip(*losses, strict=True))),
    )


def _cat(tensors: Sequence[Tensor | None]) -> Tensor | None:
    there = [tensor for tensor in tensors if tensor is not None]
    return torch.cat(there) if there else None
