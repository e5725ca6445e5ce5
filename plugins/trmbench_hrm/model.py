"""The Hierarchical Reasoning Model, 2506.21734.

A slow high-level network and a fast low-level one take turns. Shapes: B puzzles, P positions
(puzzle embedding, then L tokens), D features.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from trmbench import StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_hrm.options import Options


class HRM(PuzzleModel):
    """The pseudocode of the paper's figure 4; the state is (z_H, z_L), each (B, P, D).

    Halting is Q-learning: the harness trains the continue logit on one more forward pass.
    """

    needs_continue_target = True
    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=2)
        self.options = options
        self.max_steps = options.supervision_steps
        self.f_L = Network(options, self.positions)
        self.high = replace(options, layers=options.high_layers or options.layers)
        self.f_H = Network(self.high, self.positions)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """One segment: T x n updates of z_L, T of z_H; only the last of each has gradients."""
        z_H, z_L = state
        x = self.embedding(inputs, puzzle_identifiers, z_H.dtype)
        with torch.no_grad():
            for i in range(1, self.options.T * self.options.n):
                z_L = self.f_L(z_L, z_H + x)
                if i % self.options.n == 0:
                    z_H = self.f_H(z_H, z_L)
        # One-step gradient approximation (section 2, equation 1).
        z_L = self.f_L(z_L, z_H + x)
        z_H = self.f_H(z_H, z_L)
        return self.read(z_H, (z_H, z_L))

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T x n low passes, T high ones, then the heads."""
        low = network_flops(self.options, self.positions)
        high = network_flops(self.high, self.positions)
        T, n = self.options.T, self.options.n
        return ForwardFlops(
            (T * n - 1) * low + (T - 1) * high,
            low + high + self.reading_flops,
        )
