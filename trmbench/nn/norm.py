"""Root-mean-square norm without weights (arXiv 1910.07467)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_EPSILON = 1e-5


def rms_norm(x: Tensor, dim: int = -1) -> Tensor:
    """x / sqrt(mean(x^2) + 1e-5) over one dimension, computed in at least float32."""
    if torch.is_grad_enabled() and x.requires_grad:
        normalised: Tensor = _RMSNorm.apply(x, dim)[0]
        return normalised
    return _normalise(x, dim)[0]


def _normalise(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    scale = torch.rsqrt(wide.square().mean(dim, keepdim=True) + _EPSILON)
    return (wide * scale).to(x.dtype), scale


class _RMSNorm(torch.autograd.Function):
    """The norm with its gradient in closed form: half the passes over memory of the derived one.

    For y = s x with s = 1 / sqrt(mean(x^2) + e): dx = s (dy - y mean(y dy)).
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return _normalise(x, dim)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, int], output: tuple[Tensor, Tensor]) -> None:
        ctx.save_for_backward(*output)
        ctx.mark_non_differentiable(output[1])
        ctx.dim = inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        y, scale = ctx.saved_tensors
        wide, y = gradient.to(scale.dtype), y.to(scale.dtype)
        share = (wide * y).mean(ctx.dim, keepdim=True)
        return (torch.addcmul(wide, y, share, value=-1) * scale).to(gradient.dtype), None
