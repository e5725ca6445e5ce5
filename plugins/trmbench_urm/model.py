"""The Universal Reasoning Model, 2512.14693: a Universal Transformer with a short convolution.

Shapes: B puzzles, P positions (puzzle embedding, then L tokens), D features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench import StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, PuzzleModel, Stack, network_flops
from trmbench_urm.layers import ConvBlock
from trmbench_urm.options import Options


class URM(PuzzleModel):
    """The same layers again and again on one state h (B, P, D), to which the question is added."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=1)
        self.options = options
        self.max_steps = options.supervision_steps
        self.network = Stack(ConvBlock(options, self.positions) for _ in range(options.layers))

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """T x n loops, of which the last n have gradients (truncated backpropagation)."""
        (h,) = state
        x = self.embedding(inputs, puzzle_identifiers, h.dtype)
        with torch.no_grad():
            for _ in range((self.options.T - 1) * self.options.n):
                h = self.network(h, x)
        for _ in range(self.options.n):
            h = self.network(h, x)
        return self.read(h, (h,))

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T x n loops, then the heads.

        The convolutions have no matrix product: 2 K operations per hidden feature, 0.1 % at K = 2.
        """
        T, n = self.options.T, self.options.n
        loop = network_flops(self.options, self.positions)
        return ForwardFlops((T - 1) * n * loop, n * loop + self.reading_flops)
