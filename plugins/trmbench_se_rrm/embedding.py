"""What goes into SE-RRM: at each position, a vector for the one symbol that stands there.

Shapes: B puzzles, V symbols (the tokens of the vocabulary), L tokens, E extra positions,
P = L + E positions, D features of a symbol at a position.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trmbench import TaskInfo, TrmbenchError
from trmbench.nn import PuzzleEmbedding, truncated_normal
from trmbench_se_rrm.options import Options

SPECIAL_TOKENS = 2
"""Tokens that are no symbols of the puzzle: padding, and blank (Sudoku) or end (ARC)."""


def interchangeable(info: TaskInfo) -> tuple[int, ...]:
    """The tokens that are treated alike: as the task says, else all from the third on.

    Raises:
        TrmbenchError: the task has none.
    """
    if info.symbols is None:
        return tuple(range(SPECIAL_TOKENS, info.vocab_size))
    if not info.symbols:
        raise TrmbenchError(
            f"{info.title} has no interchangeable tokens, which model.equivariant=true needs",
            "use --set model.equivariant=false",
        )
    return info.symbols


class OfSymbols(nn.Module):
    """Learned vectors of each token: (1, V, count, D).

    Interchangeable tokens share theirs.
    """

    def __init__(self, tokens: int, alike: tuple[int, ...], count: int, options: Options) -> None:
        super().__init__()
        apart = [token for token in range(tokens) if token not in alike]
        self.shared_by = len(alike)
        # Where each token stands among those apart, then those alike; None = there already.
        order = [*apart, *alike]
        places = sorted(range(tokens), key=order.__getitem__)
        self.places = None if places == list(range(tokens)) else places
        self.own = _parameter(1, len(apart), count, options.width)
        self.shared = _parameter(1, 1, count, options.width) if alike else None

    def forward(self, dtype: torch.dtype) -> Tensor:
        if self.shared is None:
            return self.own.to(dtype)
        shared = self.shared.expand(-1, self.shared_by, -1, -1)
        vectors = torch.cat((self.own, shared), 1)
        if self.places is not None:
            vectors = torch.stack([vectors[:, place] for place in self.places], 1)
        return vectors.to(dtype)


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
        alike = interchangeable(info) if options.equivariant else ()
        self.symbols = OfSymbols(V, alike, 1, options)
        extra = options.extra_positions
        self.extra = OfSymbols(V, alike, extra, options) if extra else None
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
