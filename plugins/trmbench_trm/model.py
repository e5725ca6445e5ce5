"""The Tiny Recursive Model: "Less is More: Recursive Reasoning with Tiny Networks", 2510.04871.

One small network improves a latent z, then an answer y, again and again. Shapes: B puzzles,
P positions (puzzle embedding, then L tokens), D features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench import StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_trm.options import Options

State = tuple[Tensor, ...]
"""(y, z), each (B, P, D); (z,) if z is the answer too; (y, z1, z2, ...) if z is multi-scale."""


class TRM(PuzzleModel):
    """The pseudocode of the paper's figure 3, and its ablations (tables 1 and 2)."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=options.features)
        self.options = options
        self.max_steps = options.supervision_steps
        self.needs_continue_target = options.act_continue
        self.f_L = Network(options, self.positions)
        self.f_H = Network(options, self.positions) if options.separate_networks else None

    def forward(self, state: State, inputs: Tensor, puzzle_identifiers: Tensor) -> StepOutput:
        """Deep recursion: T full recursions, of which only the last has gradients."""
        x = self.embedding(inputs, puzzle_identifiers, state[0].dtype)
        with torch.no_grad():
            for _ in range(self.options.T - 1):
                state = self.latent_recursion(x, state)
        state = self.latent_recursion(x, state, one_step=self.options.gradient == "one_step")
        return self.read(state[0], state)

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T recursions of n + 1 passes, then the heads."""
        T, n = self.options.T, self.options.n
        one_pass = network_flops(self.options, self.positions)
        with_gradient = 2 if self.options.gradient == "one_step" else n + 1
        return ForwardFlops(
            (T * (n + 1) - with_gradient) * one_pass,
            with_gradient * one_pass + self.reading_flops,
        )

    def latent_recursion(self, x: Tensor, state: State, one_step: bool = False) -> State:
        """Update z n times, then y; with `one_step` gradients begin at the last update of z."""
        n = self.options.n
        first_with_gradient = n - 1 if one_step else 0
        with torch.no_grad():
            for i in range(first_with_gradient):
                state = self.update_z(i, x, state)
        for i in range(first_with_gradient, n):
            state = self.update_z(i, x, state)
        return self.update_y(state)

    def update_z(self, i: int, x: Tensor, state: State) -> State:
        """z <- f(z + (y + x)): the i-th update renews one of the z, in turn; all of them are read.

        The brackets are the reference's: in bfloat16 they decide the last bit.
        """
        if len(state) == 1:
            return (self.f_L(*state, x),)
        y, *latents = state
        return _replaced(state, 1 + i % len(latents), self.f_L(*latents, y + x))

    def update_y(self, state: State) -> State:
        """y <- f(sum of the z + y); the absence of x tells the network which of the two to do."""
        y, *latents = state
        answer = self.f_L if self.f_H is None else self.f_H
        return _replaced(state, 0, answer(*latents, y))


def _replaced(state: State, index: int, feature: Tensor) -> State:
    return (*state[:index], feature, *state[index + 1 :])
