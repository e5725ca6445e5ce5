"""The Equilibrium Reasoner, 2605.21488: TRM's recursion as a search for a fixed point.

Shapes: B puzzles, P positions, D features.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trmbench import Draw, Step, StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_eqr.options import Options

State = tuple[Tensor, Tensor]
"""(y, z), each (B, P, D)."""
_TRUNCATED_DEVIATION = math.sqrt(
    1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))
)
"""Standard deviation of the standard normal distribution within 2."""


class EqR(PuzzleModel):
    """One network f for both; an update is z <- (1 - lambda) z + lambda f(z + what it reads)."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=0)
        self.options = options
        self.max_steps = options.supervision_steps
        self.f_L = Network(options, self.positions)

    def initial_state(self, batch_size: int, draw: Draw) -> State:  # type: ignore[override]
        """Draw y and z, (B, P, D) each, from the standard normal distribution within 2."""
        shape = (batch_size, self.positions, self.options.width)
        like = self.answer_head.weight.new_zeros(shape)
        return _truncated_normal(draw, like), _truncated_normal(draw, like)

    def forward(
        self,
        state: tuple[Tensor, ...],
        inputs: Tensor,
        puzzle_identifiers: Tensor,
        step: Step | None = None,
    ) -> StepOutput:
        """Deep recursion: T full recursions, of which only the last has gradients.

        Without a step there is no noise.
        """
        y, z = state
        x = self.embedding(inputs, puzzle_identifiers, y.dtype)
        with torch.no_grad():
            for _ in range(self.options.T - 1):
                y, z = self.latent_recursion(x, y, z, step)
        y, z = self.latent_recursion(x, y, z, step)
        return self.read(y, (y, z))

    def latent_recursion(self, x: Tensor, y: Tensor, z: Tensor, step: Step | None = None) -> State:
        """Update z n times from y + x, then y from z."""
        for _ in range(self.options.n):
            z = self.update(z, y + x, step)
        return self.update(y, z, step), z

    def update(self, old: Tensor, read: Tensor, step: Step | None = None) -> Tensor:
        """Replace most of the old value by what the network makes of it, and add noise."""
        share = self.options.relaxation
        new: Tensor = (1 - share) * old + share * self.f_L(old, read)
        if step is None:
            return new
        sigma = self.options.noise if step.training else self.options.noise_at_test
        return new + sigma * step.draw.normal(new) if sigma else new

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T recursions of n + 1 passes, then the heads."""
        recursion = (self.options.n + 1) * network_flops(self.options, self.positions)
        return ForwardFlops((self.options.T - 1) * recursion, recursion + self.reading_flops)


def _truncated_normal(draw: Draw, like: Tensor) -> Tensor:
    """Draw normal numbers within 2, scaled so that their standard deviation is 1."""
    inside = math.erf(math.sqrt(2))
    quantile = ((2 * draw.uniform(like) - 1) * inside).erfinv() * math.sqrt(2)
    return quantile / _TRUNCATED_DEVIATION
