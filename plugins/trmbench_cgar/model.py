"""TRM under a curriculum: "Curriculum Guided Adaptive Recursion", 2511.08653.

The network is TRM's (2510.04871), which a test compares. Shapes: B puzzles, P positions (puzzle
embedding, then L tokens), D features.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from trmbench import Step, StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_cgar.options import Options

State = tuple[Tensor, Tensor]
"""(y, z), each (B, P, D)."""
WHOLE: Mapping[str, int] = {}
"""The stage that leaves T and n as they are."""


class CGAR(PuzzleModel):
    """TRM whose T and n may be less than the whole."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=2)
        self.options = options
        self.max_steps = options.supervision_steps
        self.f_L = Network(options, self.positions)

    def forward(
        self,
        state: tuple[Tensor, ...],
        inputs: Tensor,
        puzzle_identifiers: Tensor,
        step: Step | None = None,
    ) -> StepOutput:
        """Deep recursion with the T and n of the curriculum; without a step, the whole of both."""
        y, z = state
        x = self.embedding(inputs, puzzle_identifiers, y.dtype)
        stage = step.schedule if step is not None else WHOLE
        T, n = stage.get("T", self.options.T), stage.get("n", self.options.n)
        y, z = self.deep_recursion(x, y, z, T, n)
        return self.read(y, (y, z))

    def deep_recursion(self, x: Tensor, y: Tensor, z: Tensor, T: int, n: int) -> State:
        """T full recursions, of which only the last has gradients."""
        with torch.no_grad():
            for _ in range(T - 1):
                y, z = self.latent_recursion(x, y, z, n)
        return self.latent_recursion(x, y, z, n)

    def latent_recursion(self, x: Tensor, y: Tensor, z: Tensor, n: int) -> State:
        """Update z n times, then y."""
        for _ in range(n):
            z = self.f_L(z, y + x)
        return self.f_L(z, y), z

    def forward_flops(self, schedule: Mapping[str, int] = WHOLE) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T recursions of n + 1 passes, then the heads.

        Args:
            schedule: the stage of the curriculum; by default the whole of T and n.
        """
        T, n = schedule.get("T", self.options.T), schedule.get("n", self.options.n)
        recursion = (n + 1) * network_flops(self.options, self.positions)
        return ForwardFlops((T - 1) * recursion, recursion + self.reading_flops)
