"""The part around the recursion that every model built from `trmbench.nn` has."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trmbench.nn.embedding import InputEmbedding, PuzzleEmbedding
from trmbench.nn.flops import heads_flops
from trmbench.nn.linear import Linear, truncated_normal
from trmbench.nn.options import NetworkOptions
from trmbench.spec import StepOutput, TaskInfo

_HALT_BIAS = -5.0
"""A new network believes that its answer is wrong (sigmoid(-5) = 0.7 %)."""


class PuzzleModel(nn.Module):
    """Embeds puzzles, keeps initial states, and reads answers; `forward` is the subclass's.

    A `trmbench.RecursiveModel`. With `needs_continue_target` the harness trains the continue logit
    on one more forward pass, and a puzzle in training halts where its halting logit exceeds it;
    without, where the halting logit exceeds 0. A model with `stacks_seeds` uses its weights only
    through modules of `trmbench.nn`: so it can be given the weights of several seeds at once
    (`trmbench.nn.stacked`); without, seeds are stacked by the slower `torch.func.vmap`.
    """

    max_steps: int = 1
    needs_continue_target: bool = False
    stacks_seeds: bool = False

    def __init__(
        self, options: NetworkOptions, info: TaskInfo, states: int, halts: bool = True
    ) -> None:
        super().__init__()
        self.positions = info.seq_len + options.puzzle_positions
        self.seq_len = info.seq_len
        self.reading_flops = heads_flops(options, info.seq_len, info.vocab_size, halts)
        self.embedding = InputEmbedding(
            options, info.vocab_size, info.seq_len, info.num_puzzle_identifiers
        )
        self.answer_head = Linear(options.width, info.vocab_size)
        self.halt_head = _halt_head(options.width) if halts else None
        for index in range(states):
            # Never trained: one random vector, the same at every position.
            self.register_buffer(f"initial_{index}", truncated_normal(options.width, std=1.0))
        self.states = states

    @property
    def puzzle_embedding(self) -> PuzzleEmbedding | None:
        """Trained by sign-SGD, apart from the rest."""
        return self.embedding.puzzle

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """The state before the first step, each (B, P, D), views of one vector."""
        initial = (self.get_buffer(f"initial_{index}") for index in range(self.states))
        return tuple(vector.expand(batch_size, self.positions, -1) for vector in initial)

    def read(self, y: Tensor, state: tuple[Tensor, ...]) -> StepOutput:
        """Logits (B, L, V) from the answer y (B, P, D); halting logits (B,) from its first place.

        The state is returned without gradient, halting logits in at least float32.
        """
        logits = self.answer_head(y[:, -self.seq_len :])
        state = tuple(feature.detach() for feature in state)
        if self.halt_head is None:
            return StepOutput(state, logits)
        halt, go_on = self.halt_head(y[:, 0]).unbind(-1)
        wide = torch.promote_types(y.dtype, torch.float32)
        return StepOutput(state, logits, halt.to(wide), go_on.to(wide))


def _halt_head(width: int) -> Linear:
    head = Linear(width, 2, bias=True)
    nn.init.zeros_(head.weight)
    head.bias = nn.Parameter(torch.full((2,), _HALT_BIAS))
    return head
