"""The blocks of SE-RRM: attention along one axis at a time.

Shapes: B puzzles, V symbols (the tokens of the vocabulary), P positions (L tokens, then the extra
ones), D features of a symbol at a position.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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

    def forward(self, x: Tensor) -> Tensor:
        B, A, P, _ = x.shape
        qkv = self.qkv(x).view(B * A, P, 3, self.heads, -1)
        query_key, value = qkv[:, :, :2], qkv[:, :, 2]
        if self.rotary is not None:
            query_key = self.rotary(query_key)
        query, key = query_key.unbind(2)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        )
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

    def forward(self, x: Tensor) -> Tensor:
        x = rms_norm(x + self.over_positions(x))
        x = rms_norm(x + self.over_symbols(x.transpose(1, 2)).transpose(1, 2))
        return self.mlp.add_and_norm(x)
