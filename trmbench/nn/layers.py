"""The post-norm blocks that TRM (2510.04871), HRM (2506.21734) and direct prediction share.

Shapes: B puzzles, P positions (puzzle positions, then tokens), D features of a position,
H heads, I hidden features of an MLP.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from trmbench.errors import TrmbenchError
from trmbench.nn.linear import Linear, aligned
from trmbench.nn.norm import rms_norm
from trmbench.nn.options import NetworkOptions
from trmbench.nn.swiglu import add_swiglu_and_norm, swiglu

_ROPE_BASE = 10_000.0


def hidden_features(features: int, expansion: float, multiple_of: int) -> int:
    """Width of a SwiGLU: 2/3 of the plain MLP's, as it has three matrices, rounded up."""
    wanted = round(expansion * features * 2 / 3)
    return -(-wanted // multiple_of) * multiple_of


class SwiGLU(nn.Module):
    """Gated MLP over the features (Shazeer, 2002.05202): (B, P, D) -> (B, P, D)."""

    dim = -1

    def __init__(self, features: int, expansion: float, multiple_of: int) -> None:
        super().__init__()
        hidden = hidden_features(features, expansion, multiple_of)
        self.gate_up = Linear(features, 2 * hidden)
        self.down = Linear(hidden, features)

    def forward(self, x: Tensor) -> Tensor:
        return swiglu(x, *self._weights(x.dtype), self.dim)

    def add_and_norm(self, x: Tensor) -> Tensor:
        """rms_norm(x + self(x)) over the same dimension."""
        return add_swiglu_and_norm(x, *self._weights(x.dtype), self.dim)

    def _weights(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        return aligned(self.gate_up.weight.to(dtype)), aligned(self.down.weight.to(dtype))


class TokenMixing(SwiGLU):
    """The same MLP over the positions, for each feature (MLP-Mixer, 2105.01601): (B, P, D) same.

    Its norm is over the positions too, as the reference normalises the transposed tensor.
    """

    dim = -2


class Attention(nn.Module):
    """Non-causal multi-head self-attention with optional rotary positions: (B, P, D) same."""

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

    def add_and_norm(self, x: Tensor) -> Tensor:
        """rms_norm(x + self(x)) over the features."""
        return rms_norm(x + self(x))


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
        return self.mlp.add_and_norm(self.mixing.add_and_norm(x))


class Stack(nn.Module):
    """Blocks, one after the other, that read the sum of what they are given.

    (B, P, D), ... -> (B, P, D), or whatever shape the blocks work on.
    """

    recompute = False
    """Keep only the input for the backward pass and compute the rest again, number for number."""

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(blocks)

    def forward(self, *inputs: Tensor, each: Sequence[tuple[Tensor, ...]] = ()) -> Tensor:
        """Sum the inputs and send them through the blocks.

        Args:
            inputs: of one shape.
            each: what every block gets besides, such as the masks of its dropout.
        """
        x = inputs[0]
        for other in inputs[1:]:
            x = x + other
        if self.recompute and torch.is_grad_enabled():
            y: Tensor = checkpoint(
                self._blocks, x, each, use_reentrant=False, preserve_rng_state=False
            )
            return y
        return self._blocks(x, each)

    def _blocks(self, x: Tensor, each: Sequence[tuple[Tensor, ...]]) -> Tensor:
        for layer, further in zip(self.layers, each or [()] * len(self.layers), strict=True):
            x = layer(x, *further)
        return x


class Network(Stack):
    """The `layers` blocks of TRM and HRM."""

    def __init__(self, options: NetworkOptions, positions: int) -> None:
        super().__init__(Block(options, positions) for _ in range(options.layers))


def recompute_activations(model: nn.Module) -> None:
    """Set `recompute` in every `Stack` of a model (Chen et al., 1604.06174).

    Raises:
        TrmbenchError: it has none.
    """
    stacks = [module for module in model.modules() if isinstance(module, Stack)]
    if not stacks:
        raise TrmbenchError(
            f"activation checkpointing does not know the parts of a {type(model).__name__}",
            "set execution.activation_checkpointing=false, or build it from trmbench.nn.Stack",
        )
    for stack in stacks:
        stack.recompute = True
