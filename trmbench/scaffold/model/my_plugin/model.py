"""The network: B puzzles, L tokens, P positions (puzzle embedding, tokens), D features."""

from __future__ import annotations

import torch
from torch import Tensor

from my_plugin import Options
from trmbench import StepOutput, TaskInfo
from trmbench.nn import Network, PuzzleModel


class MyPlugin(PuzzleModel):
    """One latent z, improved again and again by one small network; the answer is read from it."""

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=1)
        self.max_steps = options.supervision_steps
        self.updates = options.updates
        self.network = Network(options, self.positions)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """One supervision step; gradients run through the second half of its updates.

        Args:
            state: (z,), z of shape (B, P, D).
            inputs: (B, L) tokens.
            puzzle_identifiers: (B,).
        """
        (z,) = state
        x = self.embedding(inputs, puzzle_identifiers, z.dtype)
        with torch.no_grad():
            for _ in range(self.updates // 2):
                z = self.network(z, x)
        for _ in range(self.updates - self.updates // 2):
            z = self.network(z, x)
        return self.read(z, (z,))
