"""The post-norm blocks that TRM (2510.04871), HRM (2506.21734) and direct prediction share.

Shapes: B puzzles, P positions (puzzle positions, then tokens), D features of a position,
H heads, I hidden features of an MLP.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trmbench.nn import stacked
from trmbench.nn.linear import Linear
from trmbench.nn.norm import rms_norm
from trmbench.nn.options import NetworkOptions

_ROPE_BASE = 10_000.0


def hidden_features(features: int, expansion: float, multiple_of: int) -> int:
    """Width of a SwiGLU: 2/3 of the plain MLP's, as it has three matrices, rounded up."""
    wanted = round(expansion * features * 2 / 3)
    return -(-wanted // multiple_of) * multiple_of


class SwiGLU(nn.Module):
    """Gated MLP over the features (Shazeer, 2002.05202): (B, P, D) -> (B, P, D)."""

    def __init__(self, features: int, expansion: float, multiple_of: int) -> None:
        super().__init__()
        hidden = hidden_features(features, expansion, multiple_of)
        self.gate_up = Linear(features, 2 * hidden)
        self.down = Linear(hidden, features)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        down: Tensor = self.down(F.silu(gate) * up)
        return down


class TokenMixing(SwiGLU):
    """The same MLP over the positions, for each feature (MLP-Mixer, 2105.01601): (B, P, D) same.

    The weights multiply from the left, so that no tensor is transposed: twice as fast on a CPU.
    """

    norm_dim = -2
    """The reference normalises the transposed tensor, hence over the positions."""

    def forward(self, x: Tensor) -> Tensor:
        # Two products, as the halves of one product's result would not be contiguous.
        gate, up = (_from_left(weight, x) for weight in self.gate_up.weight.chunk(2, -2))
        return _from_left(self.down.weight, F.silu(gate) * up)


def _from_left(weight: Tensor, x: Tensor) -> Tensor:
    """Weight (O, P) times x (B, P, D) -> (B, O, D); the weight may be that of several seeds."""
    if weight.dim() == 3:
        return stacked.from_left(weight.to(x.dtype), x)
    # Explicitly batched: matmul would fold, and so copy, when the weight has a gradient.
    return torch.bmm(weight.to(x.dtype).expand(len(x), -1, -1), x)


class Attention(nn.Module):
    """Non-causal multi-head self-attention with optional rotary positions: (B, P, D) same."""

    norm_dim = -1

    def __init__(self, options: NetworkOptions, positions: int) -> None:
        super().__init__()
        self.heads = options.heads
        self.rotary = (
            Rotary(positions, options.width // options.heads)
            if options.position_encoding == "rope"
            else None
        )
        self.qkv = Linear(options.width, 3 * options.width)
        self.output = Linear(options.width, options.width)

    def forward(self, x: Tensor) -> Tensor:
        B, P, D = x.shape
        qkv = self.qkv(x).view(B, P, 3, self.heads, D // self.heads)
        query_key, value = qkv[:, :, :2], qkv[:, :, 2]
        if self.rotary is not None:
            query_key = self.rotary(query_key)
        query, key = query_key.unbind(2)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        )
        output: Tensor = self.output(mixed.transpose(1, 2).reshape(B, P, D))
        return output


class Rotary(nn.Module):
    """Rotary position encoding (RoFormer, 2104.09864) of x (B, P, 2, H, D/H).

    The tables (P, 1, 1, D/H) are float32 and follow from the shape: they are no part of the state.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, positions: int, features: int) -> None:
        super().__init__()
        frequency = 1.0 / _ROPE_BASE ** (torch.arange(0, features, 2).float() / features)
        angle = torch.outer(torch.arange(positions).float(), frequency)[:, None, None]
        self.register_buffer("cos", torch.cat((angle.cos(), angle.cos()), -1), persistent=False)
        self.register_buffer("sin", torch.cat((-angle.sin(), angle.sin()), -1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        halves_swapped = x.roll(x.shape[-1] // 2, -1)
        return (x * self.cos + halves_swapped * self.sin).to(x.dtype)


class Block(nn.Module):
    """Mix the positions, then the features; each time add and normalise (post-norm)."""

    def __init__(self, options: NetworkOptions, positions: int) -> None:
        super().__init__()
        expansion, multiple_of = options.expansion, options.multiple_of
        self.mixing = (
            Attention(options, positions)
            if options.mixing == "attention"
            else TokenMixing(positions, expansion, multiple_of)
        )
        self.mlp = SwiGLU(options.width, expansion, multiple_of)

    def forward(self, x: Tensor) -> Tensor:
        x = rms_norm(x + self.mixing(x), self.mixing.norm_dim)
        return rms_norm(x + self.mlp(x))


class Network(nn.Module):
    """A stack of blocks that reads the sum of what it is given: (B, P, D), ... -> (B, P, D)."""

    def __init__(self, options: NetworkOptions, positions: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(options, positions) for _ in range(options.layers))

    def forward(self, *inputs: Tensor) -> Tensor:
        x = inputs[0]
        for other in inputs[1:]:
            x = x + other
        for layer in self.layers:
            x = layer(x)
        return x
