"""The network: B puzzles, L tokens, P positions (puzzle embedding, tokens), D features."""

from __future__ import annotations

import torch
from torch import Tensor

from my_plugin import Options
from trmbench import Draw, Step, StepOutput, TaskInfo
from trmbench.nn import Network, PuzzleModel


class MyPlugin(PuzzleModel):
    """One latent z that begins at random and is improved with a little noise in training."""

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=0)
        self.max_steps = options.supervision_steps
        self.updates = options.updates
        self.noise = options.noise
        self.network = Network(options, self.positions)

    def initial_state(self, batch_size: int, draw: Draw) -> tuple[Tensor, ...]:
        """z (B, P, D), drawn for every puzzle, and the same after an interruption."""
        weight = self.answer_head.weight
        return (draw.normal(weight.new_zeros(batch_size, self.positions, weight.shape[-1])),)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor, step: Step
    ) -> StepOutput:
        """One supervision step; gradients run through the second half of its updates.

        Args:
            state: (z,), z of shape (B, P, D).
            inputs: (B, L) tokens.
            puzzle_identifiers: (B,).
            step: randomness and what else the harness knows of this call.
        """
        (z,) = state
        x = self.embedding(inputs, puzzle_identifiers, z.dtype)
        with torch.no_grad():
            for _ in range(self.updates // 2):
                z = self.update(z, x, step)
        for _ in range(self.updates - self.updates // 2):
            z = self.update(z, x, step)
        return self.read(z, (z,))

    def update(self, z: Tensor, x: Tensor, step: Step) -> Tensor:
        """One update of z (B, P, D); at test there is no noise."""
        z = self.network(z, x)
        return z + self.noise * step.draw.normal(z) if step.training else z
