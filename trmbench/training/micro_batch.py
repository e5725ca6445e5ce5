"""A batch in parts: gradients gathered from fewer puzzles at a time take less memory.

Losses are sums over the batch and no puzzle sees another, so the gradients of the parts add up to
the whole's, but for the order of floating-point additions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

import torch
from torch import Tensor

from trmbench.training.losses import SupervisionLoss
from trmbench.training.supervision import Known, Slots, Supervised, end_to_end, map_output


def parts(
    slots: Slots, done: Tensor, rows: Tensor, known: Known | None, size: int
) -> Iterator[tuple[Slots, Tensor, Tensor, Known | None]]:
    """Yield `size` puzzles at a time.

    Args:
        slots: the puzzles.
        done: (B,) their supervision steps.
        rows: (B, ...) their puzzle-embedding rows.
        known: what their model is told besides.
        size: puzzles of a part.
    """
    for start in range(0, len(done), size):
        chosen = slice(start, start + size)
        told = known and known._replace(keys=known.keys[chosen])
        yield slots.map(itemgetter(chosen)), done[chosen], rows[chosen], told


def detached(found: Supervised, copied: bool = False) -> Supervised:
    """The same figures without what a backward pass needs.

    Args:
        found: the figures.
        copied: in memory of their own, where the next step's figures would overwrite them.
    """

    def kept(tensor: Tensor) -> Tensor:
        return tensor.detach().clone() if copied else tensor.detach()

    return Supervised(
        map_output(kept, found.output),
        SupervisionLoss(*map(kept, found.loss)),
        None if found.target is None else kept(found.target),
    )


def joined(parts: Sequence[Supervised]) -> Supervised:
    """What the whole batch came to, from its parts in order."""
    if len(parts) == 1:
        return parts[0]
    targets = [part.target for part in parts if part.target is not None]
    losses = zip(*(part.loss for part in parts), strict=True)
    return Supervised(
        map_output(end_to_end, *(part.output for part in parts)),
        SupervisionLoss(*(torch.stack(part).sum(0) for part in losses)),
        end_to_end(*targets) if targets else None,
    )
