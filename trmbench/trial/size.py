"""The size of a model before it is trained: its weights, and what a training step keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from trmbench.training.activations import activation_bytes
from trmbench.training.weights import weight_count
from trmbench.training.workers import Workers
from trmbench.trial.build import TrialParts

IMPURE = "once interrupted, it gives other numbers (see `trmbench plugins check`)"


def size_of(
    model: Any, parts: TrialParts, workers: Workers, say: Callable[[str], None]
) -> dict[str, int]:
    """Measure a recursive model by one forward pass.

    Args:
        model: the model, untrained.
        parts: the parts of its trial.
        workers: the processes that train it together.
        say: gets a line if the pass shows that the model draws or keeps something by itself.

    Returns:
        Columns of the trial's row.
    """
    embedding = model.puzzle_embedding
    figures = {
        "parameters": weight_count(model),
        "puzzle_embedding_parameters": 0 if embedding is None else embedding.weight.numel(),
    }
    if parts.execution.activation_checkpointing:
        return figures  # what is kept then belongs to no operation, and cannot be counted
    share = workers.share(parts.train.batch_size)
    batch_size = share.stop - share.start
    generator, versions = torch.get_rng_state(), _versions(model)
    figures["activation_bytes"] = activation_bytes(
        model,
        min(parts.execution.micro_batch or batch_size, batch_size),
        parts.task.info.seq_len,
        parts.dtype,
        parts.train.loss,
        parts.schedule(1.0),
    )
    if not torch.equal(torch.get_rng_state(), generator):
        say(f"its model draws random numbers of its own; {IMPURE}")
    if _versions(model) != versions:
        say(f"its model keeps something between calls; {IMPURE}")
    return figures


def _versions(model: torch.nn.Module) -> list[int]:
    """How often each buffer was written to."""
    return [buffer._version for buffer in model.buffers()]
