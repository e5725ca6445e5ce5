"""The Equilibrium Reasoner, 2605.21488: TRM's recursion as a search for a fixed point.

Shapes: B puzzles, P positions, D features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench import StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_eqr.options import Options

State = tuple[Tensor, Tensor]
"""(y, z), each (B, P, D)."""


class EqR(PuzzleModel):
    """One network f for both; an update is z <- (1 - lambda) z + lambda f(z + what it reads)."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=0)
        self.options = options
        self.max_steps = options.supervision_steps
        self.f_L = Network(options, self.positions)

    def initial_state(self, batch_size: int) -> State:
        """Zeros, (B, P, D) each, where the paper draws both states for every puzzle."""
        shape = (batch_size, self.positions, self.options.width)
        weight = self.answer_head.weight
        return weight.new_zeros(shape), weight.new_zeros(shape)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """Deep recursion: T full recursions, of which only the last has gradients."""
        y, z = state
        x = self.embedding(inputs, puzzle_identifiers, y.dtype)
        with torch.no_grad():
            for _ in range(self.options.T - 1):
                y, z = self.latent_recursion(x, y, z)
        y, z = self.latent_recursion(x, y, z)
        return self.read(y, (y, z))

    def latent_recursion(self, x: Tensor, y: Tensor, z: Tensor) -> State:
        """Update z n times from y + x, then y from z."""
        for _ in range(self.options.n):
            z = self.update(z, y + x)
        return self.update(y, z), z

    def update(self, old: Tensor, read: Tensor) -> Tensor:
        """The old value, most of it replaced by what the network makes of it."""
        share = self.options.relaxation
        new: Tensor = self.f_L(old, read)
        return (1 - share) * old + share * new

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T recursions of n + 1 passes, then the heads."""
        recursion = (self.options.n + 1) * network_flops(self.options, self.positions)
        return ForwardFlops((self.options.T - 1) * recursion, recursion + self.reading_flops)
