"""Linear maps and token embeddings that compute in the dtype of what they are given."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trmbench.nn import stacked

_CUT = 2.0
"""The normal distribution is cut at plus and minus this many of its standard deviations."""
_ALIGNED_NUMBERS = 8
"""16 bytes of 16-bit numbers."""


def _std_after_cut(cut: float) -> float:
    """Standard deviation of a standard normal truncated to [-cut, cut]."""
    density = math.exp(-0.5 * cut * cut) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * cut * density / math.erf(cut / math.sqrt(2)))


def truncated_normal(*shape: int, std: float) -> Tensor:
    """Float32 numbers whose standard deviation *after* truncation is `std` (as in JAX and Flax).

    Drawn from torch's global generator. `torch.nn.init.trunc_normal_` alone would give 0.88 std.
    """
    wide = std / _std_after_cut(_CUT)
    return nn.init.trunc_normal_(torch.empty(shape), std=wide, a=-_CUT * wide, b=_CUT * wide)


def aligned(weight: Tensor) -> Tensor:
    """The same numbers (..., O, I), the rows of 16-bit numbers beginning at multiples of 16 bytes.

    GPUs have fast products for such rows alone, and the 97 positions of a Sudoku are none. Wider
    numbers, for which that matters less, stay where they are.
    """
    inputs = weight.shape[-1]
    missing = -inputs % _ALIGNED_NUMBERS
    if weight.dtype.itemsize != 2 or not missing:
        return weight
    return F.pad(weight, (0, missing))[..., :inputs]


class Linear(nn.Module):
    """`x @ weight.T + bias`, the weight cast to the dtype of x: (..., inputs) -> (..., outputs).

    The weight may hold the weights of several seeds (`trmbench.nn.stacked`).
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_normal(outputs, inputs, std=inputs**-0.5))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias if self.bias is None else self.bias.to(x.dtype)
        product = F.linear if self.weight.dim() == 2 else stacked.linear
        return product(x, self.weight.to(x.dtype), bias)


class TokenEmbedding(nn.Module):
    """Vectors of `count` tokens or positions: weight (count, width), std 1/sqrt(width).

    The weight may hold the weights of several seeds (`trmbench.nn.stacked`).
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_normal(count, width, std=width**-0.5))

    def forward(self, indices: Tensor, dtype: torch.dtype) -> Tensor:
        """Indices (...) int -> (..., width) of `dtype`."""
        look_up = F.embedding if self.weight.dim() == 2 else stacked.embedding
        return look_up(indices, self.weight.to(dtype))
