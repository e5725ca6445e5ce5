"""Products with the weights of several seeds at once.

Where a module of `trmbench.nn` is given weights with a leading dimension of S seeds, its batch is
the S batches one after the other: (S * B, ...). A module without weights never notices.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (S * B, ..., I), weight (S, O, I), bias (S, O) or None -> (S * B, ..., O)."""
    rows = x.reshape(len(weight), -1, x.shape[-1])
    product = (
        torch.bmm(rows, weight.mT)
        if bias is None
        else torch.baddbmm(bias[:, None], rows, weight.mT)
    )
    return product.view(*x.shape[:-1], -1)


def embedding(indices: Tensor, weight: Tensor) -> Tensor:
    """Indices (S * B, ...) int, weight (S, count, D) -> (S * B, ..., D)."""
    seeds, count, _ = weight.shape
    first_rows = count * torch.arange(seeds, device=indices.device)
    by_seed = indices.view(seeds, -1) + first_rows[:, None]
    return F.embedding(by_seed.view_as(indices), weight.flatten(0, 1))


def from_left(weight: Tensor, x: Tensor) -> Tensor:
    """Weight (S, O, P) times x (S * B, P, D) -> (S * B, O, D)."""
    if torch.compiler.is_compiling():  # it fuses the copies, and does not know `out`
        return torch.bmm(weight.repeat_interleave(len(x) // len(weight), 0), x)
    product: Tensor = _FromLeft.apply(weight, x)  # type: ignore[no-untyped-call]
    return product


class _FromLeft(torch.autograd.Function):
    """One batched product per seed, written where it belongs: no weight is copied B times."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(weight, x)
        return _products(weight, x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        weight, x = ctx.saved_tensors
        of_weight = of_x = None
        if ctx.needs_input_grad[0]:
            of_weight = weight_gradient(len(weight), gradient, x, dim=-2)
        if ctx.needs_input_grad[1]:
            of_x = _products(weight.mT, gradient)
        return of_weight, of_x


def weight_gradient(seeds: int, gradient: Tensor, x: Tensor, dim: int) -> Tensor:
    """Compute the weight's gradient (S, O, I) in `linear` (dim -1) or `from_left` (-2).

    Args:
        seeds: S.
        gradient: the gradient of the result.
        x: the factor that the weight was multiplied with.
        dim: -1 or -2.
    """
    if dim == -1:
        rows = (part.reshape(seeds, -1, part.shape[-1]) for part in (gradient, x))
        return torch.bmm(next(rows).mT, next(rows))
    return torch.bmm(gradient, x.mT).view(seeds, -1, gradient.shape[1], x.shape[1]).sum(1)


def _products(weight: Tensor, x: Tensor) -> Tensor:
    batch = len(x) // len(weight)
    out = x.new_empty(len(x), weight.shape[1], x.shape[2])
    for matrix, part, place in zip(weight, x.split(batch), out.split(batch), strict=True):
        torch.bmm(matrix.expand(batch, -1, -1), part, out=place)
    return out
