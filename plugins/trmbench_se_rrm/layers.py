"""The blocks of SE-RRM: attention along one axis at a time.

Shapes: B puzzles, V symbols (the tokens of the vocabulary), P positions (L tokens, then the extra
ones), D features of a symbol at a position.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trmbench import Draw
from trmbench.nn import Linear, SwiGLU, rms_norm
from trmbench_se_rrm.options import Options

_ROPE_BASE = 10_000.0


class Rotary(nn.Module):
    """Rotary position encoding (RoFormer, 2104.09864) of a grid: (B, P, 2, H, E) -> same.

    Half of a head's features turn with the row and half with the column, or all of them with the
    position. Positions after the grid do not turn. The tables (L, 1, 1, E) are float32 and follow
    from the shape: they are no part of the state.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, places: list[Tensor], features: int) -> None:
        """Args:
        places: the coordinates that features turn with, each (L,): row and column, or position.
        features: E.
        """
        super().__init__()
        pairs = features // (2 * len(places))
        frequency = 1.0 / _ROPE_BASE ** (torch.arange(pairs).float() / pairs)
        angle = torch.cat([torch.outer(place.float(), frequency) for place in places], -1)
        angle = angle[:, None, None]
        self.register_buffer("cos", torch.cat((angle.cos(), angle.cos()), -1), persistent=False)
        self.register_buffer("sin", torch.cat((-angle.sin(), angle.sin()), -1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        grid, after = x.split((len(self.cos), x.shape[1] - len(self.cos)), 1)
        halves_swapped = grid.roll(grid.shape[-1] // 2, -1)
        turned = (grid * self.cos + halves_swapped * self.sin).to(x.dtype)
        return torch.cat((turned, after), 1)


class Attention(nn.Module):
    """Multi-head self-attention along the last axis but one: (B, A, P, D) -> same."""

    def __init__(self, width: int, heads: int, head_width: int, rotary: Rotary | None) -> None:
        super().__init__()
        self.heads = heads
        self.rotary = rotary
        self.qkv = Linear(width, 3 * heads * head_width)
        self.output = Linear(heads * head_width, width)

    def forward(self, x: Tensor, kept: Tensor | None = None) -> Tensor:
        """Attend; `kept` (B, A, H, P, P) multiplies the attention weights, None = 1."""
        B, A, P, _ = x.shape
        qkv = self.qkv(x).view(B * A, P, 3, self.heads, -1)
        query_key, value = qkv[:, :, :2], qkv[:, :, 2]
        if self.rotary is not None:
            query_key = self.rotary(query_key)
        query, key, value = (
            part.transpose(1, 2) for part in (*query_key.unbind(2), value)
        )  # (B A, H, P, E) each
        if kept is None:
            mixed = F.scaled_dot_product_attention(query, key, value)
        else:
            scores = query @ key.mT / math.sqrt(query.shape[-1])
            mixed = (scores.softmax(-1) * kept.flatten(0, 1)) @ value
        output: Tensor = self.output(mixed.transpose(1, 2).reshape(B, A, P, -1))
        return output


class SymbolBlock(nn.Module):
    """Mix the positions, then the symbols, then the features, post-norm: (B, V, P, D) -> same."""

    def __init__(self, options: Options, rotary: Rotary | None) -> None:
        super().__init__()
        width = options.width
        self.over_positions = Attention(width, options.heads, options.head_width, rotary)
        self.over_symbols = Attention(width, options.symbol_heads, options.symbol_head_width, None)
        self.mlp = SwiGLU(width, options.expansion, options.multiple_of)

    def forward(
        self, x: Tensor, positions: Tensor | None = None, symbols: Tensor | None = None
    ) -> Tensor:
        """Mix; what is given besides multiplies the weights of the two attentions."""
        x = rms_norm(x + self.over_positions(x, positions))
        x = rms_norm(x + self.over_symbols(x.transpose(1, 2), symbols).transpose(1, 2))
        return self.mlp.add_and_norm(x)


def drawn_masks(
    x: Tensor, options: Options, share: float, draw: Draw
) -> list[tuple[Tensor, Tensor]]:
    """Draw for each block what multiplies its attention weights, of x (B, V, P, D).

    0 for a share of them and 1 / (1 - share) for the others: (B, V, H, P, P) over the positions
    and (B, P, H, V, V) over the symbols.
    """
    B, V, P, _ = x.shape

    def mask(*shape: int) -> Tensor:
        return draw.bernoulli(x.new_empty(B, *shape), 1 - share) / (1 - share)

    return [
        (mask(V, options.heads, P, P), mask(P, options.symbol_heads, V, V))
        for _ in range(options.layers)
    ]
