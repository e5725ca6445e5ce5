"""SwiGLU, residual and norm in one: x -> rms_norm(x + down(silu(gate x) * (up x))).

Half of the time of a small network on a CPU goes into passes over memory between its matrix
products. Here passes are made in place, and the backward pass finds the gate's derivative ready.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from trmbench.nn import stacked
from trmbench.nn.norm import gradient_of_norm, normalise_, rms_norm


def swiglu(x: Tensor, gate_up: Tensor, down: Tensor, dim: int) -> Tensor:
    """down(silu(gate x) * (up x)) over the features (dim -1) or the positions (-2).

    Args:
        x: (B, P, D) float; over the features, of any rank.
        gate_up: (2 H, D) or (2 H, P), of the same dtype.
        down: (D, H) or (P, H). Both may hold the weights of several seeds (`trmbench.nn.stacked`).
        dim: -1 or -2.
    """
    # `chunk` has one concatenation as its gradient; two slices are padded with zeros and added.
    gate, up = _multiply(gate_up, x, dim).chunk(2, dim)
    return _multiply(down, F.silu(gate) * up, dim)


def add_swiglu_and_norm(x: Tensor, gate_up: Tensor, down: Tensor, dim: int) -> Tensor:
    """rms_norm(x + swiglu(x, ...), dim), with the same arguments."""
    if torch.compiler.is_compiling() or x.dtype.itemsize < 4:
        # The compiler fuses by itself, and less than float32 should not be rounded at every pass.
        return rms_norm(x + swiglu(x, gate_up, down, dim), dim)
    if torch.is_grad_enabled():
        y: Tensor = _AddSwiGLUAndNorm.apply(x, gate_up, down, dim)[0]  # type: ignore[no-untyped-call]
        return y
    gate, up = _halves(_multiply(gate_up, x, dim), dim)
    hidden = F.silu(gate, inplace=True).mul_(up)
    return normalise_(_multiply(down, hidden, dim).add_(x), dim)[0]


class _AddSwiGLUAndNorm(torch.autograd.Function):
    """Its output comes first; the others are what the backward pass needs of the forward pass."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: Tensor, gate_up: Tensor, down: Tensor, dim: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        gate, up = _halves(_multiply(gate_up, x, dim), dim)
        sigmoid = gate.sigmoid()
        silu = gate * sigmoid
        hidden = silu * up
        # d hidden / d gate = up (sigmoid + silu (1 - sigmoid)) = hidden + sigmoid (up - hidden)
        derivative = torch.lerp(hidden, up, sigmoid)
        y, scale = normalise_(_multiply(down, hidden, dim).add_(x), dim)
        return y, scale, silu, derivative, hidden

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, gate_up, down, ctx.dim = inputs
        ctx.save_for_backward(x, gate_up, down, *output)
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        x, gate_up, down, y, scale, silu, derivative, hidden = ctx.saved_tensors
        dim = ctx.dim
        d_summed = gradient_of_norm(gradient, y, scale, dim)
        d_hidden = _multiply(down.mT, d_summed, dim)
        d_both = torch.cat((d_hidden * derivative, d_hidden * silu), dim)
        d_x = _multiply(gate_up.mT, d_both, dim).add_(d_summed)
        d_gate_up = _weight_gradient(gate_up, d_both, x, dim)
        return d_x, d_gate_up, _weight_gradient(down, d_summed, hidden, dim), None


# Else `apply` derives it again at every call, for longer than a small matrix product takes.
_AddSwiGLUAndNorm.forward.__signature__ = inspect.signature(_AddSwiGLUAndNorm.forward)  # type: ignore[attr-defined]


def _multiply(weight: Tensor, x: Tensor, dim: int) -> Tensor:
    """Weight (O, I) times x (B, P, D), over I = D features (dim -1) or I = P positions (-2)."""
    if weight.dim() == 3:
        return stacked.linear(x, weight) if dim == -1 else stacked.from_left(weight, x)
    if dim == -1:
        return F.linear(x, weight)
    # From the left and explicitly batched: nothing is transposed, and so copied.
    return torch.bmm(weight.expand(x.shape[0], -1, -1), x)


def _weight_gradient(weight: Tensor, gradient: Tensor, x: Tensor, dim: int) -> Tensor:
    """Compute the weight's gradient (O, I) from a product's (B, P, O) or (B, O, D)."""
    if weight.dim() == 3:
        return stacked.weight_gradient(len(weight), gradient, x, dim)
    if dim == -1:
        return torch.mm(gradient.flatten(0, -2).mT, x.flatten(0, -2))
    return torch.bmm(gradient, x.mT).sum(0)


def _halves(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Split in two views that can be written to under every transform, as `chunk`'s cannot."""
    half = x.shape[dim] // 2
    return x.narrow(dim, 0, half), x.narrow(dim, half, half)
