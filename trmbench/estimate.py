"""What a trial will cost, estimated from its arithmetic before it starts.

The supervision step is traced on torch's `meta` device, which computes shapes and no numbers: so
even a model that would not fit into this machine is counted in a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from trmbench.assembly import Assembly
from trmbench.config import options
from trmbench.flops import step_flops
from trmbench.spec import Context, ModelSpec, TaskInfo, Trial
from trmbench.training.losses import supervision_loss

USUAL_SHARE_OF_MATMUL_RATE = 0.2
"""Share of the measured matrix-multiply rate that trainings reach, for the estimate of time."""


@dataclass(frozen=True)
class Estimate:
    """The expected cost of one trial."""

    parameters: int
    """Weights of the network, without puzzle embeddings; 0 for what needs no training."""
    steps: int
    flops_per_step: int
    """Floating-point operations of the matrix products of one training step."""
    seconds: float
    """Of training, on this machine, with the trial's threads."""
    memory_bytes: int
    """Weights, optimiser, averages, and what the backward pass keeps."""


def estimate(trial: Trial, parts: Assembly, matmul_rate: float) -> Estimate:
    """The expected cost of a trial.

    Args:
        trial: the trial.
        parts: its parts; the task is loaded for it.
        matmul_rate: floating-point operations per second, from `trmbench.bench.matmul`.
    """
    model = _meta_model(trial, parts.model_entry.spec, parts.task.info)
    if model is None:
        return Estimate(0, 0, 0, 0.0, 0)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    parameters = sum(weight.numel() for weight in weights)
    steps = parts.total_steps
    flops = parts.train.batch_size * step_flops(model, parts.task.info.seq_len).training
    weight_bytes = (
        parameters * 4 * (5 if parts.train.ema else 4)
    )  # and gradient, two moments, average
    return Estimate(
        parameters=parameters,
        steps=steps,
        flops_per_step=flops,
        seconds=steps * flops / (matmul_rate * USUAL_SHARE_OF_MATMUL_RATE),
        memory_bytes=weight_bytes + _saved_bytes(model, parts),
    )


def _meta_model(trial: Trial, spec: ModelSpec, info: TaskInfo) -> Any:
    """The model without numbers; None if it needs no training or builds upon another."""
    if spec.base is not None:
        return None
    meta = torch.device("meta")
    with meta:
        model = spec.build(options(spec.options, trial.config["model"]), info, Context(0, meta))
    return model if isinstance(model, nn.Module) and not hasattr(model, "predict") else None


def _saved_bytes(model: Any, parts: Assembly) -> int:
    """What one training step keeps for its backward pass."""
    train = parts.train
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes()
        return tensor

    tokens = torch.zeros(train.batch_size, parts.task.info.seq_len, dtype=torch.long, device="meta")
    identifiers = tokens[:, 0]
    state = tuple(part.to(parts.dtype) for part in model.initial_state(train.batch_size))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model(state, tokens, identifiers)
        supervision_loss(output, tokens, kind=train.loss)
    return sum(kept.values())
