"""The input of a network: tokens, positions, and the learned vector of each puzzle."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trmbench.nn.linear import TokenEmbedding
from trmbench.nn.options import NetworkOptions


class PuzzleEmbedding(nn.Module):
    """A learned vector per puzzle identifier, zero at first, trained by sign-SGD.

    `weight` (count, dim) is a buffer and not a parameter: it can have a million rows, of which a
    batch needs a few, so the optimiser, the EMA and autograd leave it alone. To train it, pass a
    model the rows themselves where it expects the identifiers:

        rows = model.puzzle_embedding.gather(identifiers)   # (B, dim), a leaf that wants gradients
        output = model(state, inputs, rows)                 # ... backward ...
        # rows.grad (B, dim) belongs to the rows `identifiers`; add up the rows of equal identifiers

    So nothing is kept between calls, and the gradient is as large as the batch.
    """

    weight: Tensor

    def __init__(self, count: int, dim: int, positions: int, width: int) -> None:
        super().__init__()
        self.positions, self.width = positions, width
        self.register_buffer("weight", torch.zeros(count, dim))

    def gather(self, identifiers: Tensor) -> Tensor:
        """Rows (B, dim) of the identifiers (B,), as a new leaf that requires a gradient."""
        return self.weight[identifiers].detach().requires_grad_()

    def forward(self, identifiers_or_rows: Tensor) -> Tensor:
        """Identifiers (B,) int, or rows (B, dim) from `gather` -> (B, positions, width)."""
        given = identifiers_or_rows
        rows = given if given.is_floating_point() else self.weight[given]
        padding = self.positions * self.width - rows.shape[-1]
        return F.pad(rows, (0, padding)).reshape(-1, self.positions, self.width)


class InputEmbedding(nn.Module):
    """Puzzle embedding, then tokens, plus learned positions if any; scaled by sqrt(width)."""

    def __init__(self, options: NetworkOptions, vocab_size: int, seq_len: int, puzzles: int):
        super().__init__()
        width, puzzle_positions = options.width, options.puzzle_positions
        self.scale = math.sqrt(width)
        self.tokens = TokenEmbedding(vocab_size, width)
        self.puzzle = (
            PuzzleEmbedding(puzzles, options.puzzle_dim or width, puzzle_positions, width)
            if puzzle_positions
            else None
        )
        self.positions = (
            TokenEmbedding(seq_len + puzzle_positions, width)
            if options.position_encoding == "learned"
            else None
        )

    def forward(self, inputs: Tensor, puzzle_identifiers: Tensor, dtype: torch.dtype) -> Tensor:
        """Inputs (B, L) int, puzzle identifiers (B,) or their rows -> (B, P, D) of `dtype`."""
        x: Tensor = self.tokens(inputs, dtype)
        if self.puzzle is not None:
            x = torch.cat((self.puzzle(puzzle_identifiers).to(dtype), x), dim=-2)
        if self.positions is not None:
            # Two summands of equal variance: keep one's variance. (The digits are the reference's.)
            positions = self.positions.weight.to(dtype)
            if positions.dim() == 3:  # of several seeds
                positions = positions.repeat_interleave(len(x) // len(positions), 0)
            x = 0.707106781 * (x + positions)
        return self.scale * x
