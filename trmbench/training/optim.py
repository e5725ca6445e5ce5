"""AdamATan2, sign-SGD, clipping, and the learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from trmbench.spec.settings import TrainSettings


class AdamATan2(Optimizer):
    """Adam whose update is an arctangent of two arguments instead of a quotient with epsilon.

    p <- p (1 - lr wd);  p <- p - lr / (1 - b1^t) atan2(m, sqrt(v) / sqrt(1 - b2^t))

    Sources: Everett et al. 2024 (arXiv 2407.05872); where the first correction stands is as in the
    package adam-atan2 0.0.3, which the released TRM and HRM code trains with.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if parameters:
                self._update(group, parameters)

    def _update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter] = {
                    "step": torch.zeros(()),  # on the CPU: read without waiting for the device
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
        states = [self.state[parameter] for parameter in parameters]
        for state in states:
            state["step"] += 1
        step = int(states[0]["step"])
        first = [state["exp_avg"] for state in states]
        second = [state["exp_avg_sq"] for state in states]
        gradients = [p.grad for p in parameters if p.grad is not None]
        torch._foreach_lerp_(first, gradients, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - beta2)
        denominators = torch._foreach_sqrt(second)
        torch._foreach_div_(denominators, math.sqrt(1 - beta2**step))
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        updates = _arctangents(first, denominators)
        torch._foreach_add_(parameters, updates, alpha=-group["lr"] / (1 - beta1**step))


def _arctangents(first: Sequence[Tensor], second: Sequence[Tensor]) -> list[Tensor]:
    """atan2 of the tensors pairwise; torch has none of lists, so a device gets it in one piece.

    On a CPU, which starts an operation in no time, the copies would only take time.
    """
    if first[0].device.type == "cpu":
        return list(map(torch.atan2, first, second))
    flat = (torch.cat([each.reshape(-1) for each in tensors]) for tensors in (first, second))
    pieces = torch.atan2(*flat).split([each.numel() for each in first])
    return [piece.view_as(each) for piece, each in zip(pieces, first, strict=True)]


def clip_(gradients: list[Tensor], most: float) -> Tensor:
    """Scale gradients down to a norm of at most `most`, in place; returns the norm () before."""
    norm: Tensor = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, (most / (norm + 1e-6)).clamp(max=1.0))
    return norm


def learning_rate_factor(step: int, total: int, settings: TrainSettings) -> float:
    """Share of the learning rate used at a training step (1-based).

    Linear warm-up over `warmup_steps`, but at most a tenth of the training, so that a short trial
    of a long protocol trains at all; then cosine decay to `min_learning_rate_ratio` at `total`.
    """
    warmup = min(settings.warmup_steps, total // 10)
    if step < warmup:
        return step / warmup
    progress = (step - warmup) / max(1, total - warmup)
    lowest = settings.min_learning_rate_ratio
    return lowest + (1 - lowest) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


@torch.no_grad()
def sign_sgd_(
    table: Tensor, identifiers: Tensor, gradients: Tensor, learning_rate: float, weight_decay: float
) -> None:
    """Decoupled-decay sign-SGD on the rows of a puzzle-embedding table, in place.

    w <- w (1 - lr wd) - lr sign(sum of the gradients of the row's occurrences)

    Only rows that occur are touched. Nothing waits for the device: every occurrence of a row
    computes, and writes, the same new row.

    Args:
        table: (I, D) float.
        identifiers: (B,) int64, with repetitions.
        gradients: (B, D), the gradient of each occurrence.
    """
    batch = len(identifiers)
    first = (identifiers[:, None] == identifiers[None, :]).int().argmax(dim=1)  # of equal ones
    sums = torch.zeros(batch, table.shape[1], dtype=gradients.dtype, device=table.device)
    sums.index_add_(0, first, gradients)
    rows = table[identifiers] * (1 - learning_rate * weight_decay)
    table[identifiers] = rows - learning_rate * sums[first].sign().to(table.dtype)
