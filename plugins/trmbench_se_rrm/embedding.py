"""What goes into SE-RRM: at each position, a vector for the one symbol that stands there.

Shapes: B puzzles, V symbols (the tokens of the vocabulary), L tokens, E extra positions,
P = L + E positions, D features of a symbol at a position.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trmbench import TaskInfo
from trmbench.nn import PuzzleEmbedding, truncated_normal
from trmbench_se_rrm.options import Options

SPECIAL_TOKENS = 2
"""Tokens that are no symbols of the puzzle: padding, and blank (Sudoku) or end (ARC)."""


class OfSymbols(nn.Module):
    """Learned vectors of each symbol: (1, V, count, D).

    With `equivariant` all symbols but the special tokens share theirs.
    """

    def __init__(self, symbols: int, count: int, options: Options) -> None:
        super().__init__()
        own = SPECIAL_TOKENS if options.equivariant else symbols
        self.shared_by = symbols - own
        self.own = _parameter(1, own, count, options.width)
        self.shared = _parameter(1, 1, count, options.width) if options.equivariant else None

    def forward(self, dtype: torch.dtype) -> Tensor:
        if self.shared is None:
            return self.own.to(dtype)
        shared = self.shared.expand(-1, self.shared_by, -1, -1)
        return torch.cat((self.own, shared), 1).to(dtype)


class SymbolEmbedding(nn.Module):
    """The question as (B, V, P, D): zero wherever the symbol does not stand, but for what follows.

    The puzzle embedding, if any, adds a vector to all of it and a number to all of a symbol;
    learned positions, if any, add theirs to all symbols. Extra positions come last.
    """

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__()
        V, D = info.vocab_size, options.width
        self.width = D
        # The reference takes the root in float32, whatever it computes in.
        self.scale = float(np.sqrt(np.float32(V)))
        self.symbols = OfSymbols(V, 1, options)
        self.extra = (
            OfSymbols(V, options.extra_positions, options) if options.extra_positions else None
        )
        self.positions = (
            _parameter(1, 1, info.seq_len, D) if options.position_encoding == "learned" else None
        )
        self.puzzle = (
            PuzzleEmbedding(info.num_puzzle_identifiers, D + V, 1, D + V)
            if options.puzzle_embedding
            else None
        )

    def forward(self, inputs: Tensor, puzzle_identifiers: Tensor, dtype: torch.dtype) -> Tensor:
        """Inputs (B, L) int, puzzle identifiers (B,) or their rows -> (B, V, P, D) of `dtype`."""
        symbols = self.symbols(dtype)
        stands = F.one_hot(inputs, symbols.shape[1]).mT[..., None].to(dtype)
        x: Tensor = self.scale * stands * symbols
        if self.positions is not None:
            x = x + self.positions.to(dtype)
        if self.puzzle is not None:
            rows = self.puzzle(puzzle_identifiers).to(dtype)
            x = x + rows[:, None, :, : self.width] + rows[..., self.width :].mT[..., None]
        if self.extra is not None:
            x = torch.cat((x, self.extra(dtype).expand(len(x), -1, -1, -1)), 2)
        return x


def _parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(truncated_normal(*shape, std=1.0))
