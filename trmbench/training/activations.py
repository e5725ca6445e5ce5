"""What a training step keeps in memory for its backward pass."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel
from trmbench.spec.models import NO_SCHEDULE, in_precision, initial_state
from trmbench.streams import Draws
from trmbench.training.losses import LossKind, supervision_loss
from trmbench.training.supervision import first_step
from trmbench.training.weights import module_of


def activation_bytes(
    model: RecursiveModel,
    batch: int,
    seq_len: int,
    dtype: torch.dtype,
    loss: LossKind,
    schedule: Mapping[str, int] = NO_SCHEDULE,
) -> int:
    """Bytes that one training step keeps for its backward pass, the weights included.

    Counted with one puzzle and with two.

    Args:
        model: the model, on any device.
        batch: puzzles per step.
        seq_len: tokens of a puzzle.
        dtype: of the state.
        loss: kind of the answer's loss.
        schedule: the model's whole numbers.
    """
    one, two = (_kept(model, size, seq_len, dtype, loss, schedule) for size in (1, 2))
    return one + (batch - 1) * (two - one)


def _kept(
    model: RecursiveModel,
    batch: int,
    seq_len: int,
    dtype: torch.dtype,
    loss: LossKind,
    schedule: Mapping[str, int] = NO_SCHEDULE,
) -> int:
    """The bytes of all tensors saved in a forward pass of that many puzzles."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes()
        return tensor.detach()  # the tensor itself would keep alive the operation it comes from

    device = next(module_of(model).parameters()).device
    tokens = torch.zeros((batch, seq_len), dtype=torch.long, device=device)
    state = initial_state(model, len(tokens), dtype, Draws(tokens[:, 0]))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        with in_precision(device, dtype):
            output = first_step(model, state, tokens, schedule)
        total = supervision_loss(output, tokens, kind=loss)
    del total  # until here what is kept stays in memory, so that no address is used twice
    return sum(kept.values())
