"""The Symbol-Equivariant Recurrent Reasoning Model, 2603.02193.

Every position has one vector per symbol, and symbols are treated alike: renaming them in the
question renames them in the answer. Shapes: B puzzles, V symbols (the tokens of the vocabulary),
P positions (L tokens, then the extra ones), D features of a symbol at a position.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trmbench import Step, StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Linear, PuzzleEmbedding, Stack, truncated_normal
from trmbench_se_rrm.embedding import SymbolEmbedding
from trmbench_se_rrm.layers import Rotary, SymbolBlock, drawn_masks
from trmbench_se_rrm.options import Options

State = tuple[Tensor, ...]


class SERRM(nn.Module):
    """One state z (B, V, P, D), to which the question is added before every loop.

    There is no halting head: the confidence is the probability of the least certain position.
    """

    halts_at_random = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__()
        self.options = options
        self.max_steps = options.supervision_steps
        self.symbols, self.seq_len = info.vocab_size, info.seq_len
        self.grid_shape = info.grid_shape
        self.positions = info.seq_len + options.extra_positions
        self.embedding = SymbolEmbedding(options, info)
        rotary = _rotary(options, info)
        self.network = Stack(SymbolBlock(options, rotary) for _ in range(options.layers))
        D, V = options.width, self.symbols
        self.answer_head = Linear(D, 1) if options.equivariant else Linear(V * D, V)
        # Never trained: one random vector, the same for every symbol and position.
        self.initial: Tensor
        self.register_buffer("initial", truncated_normal(D, std=1.0))

    @property
    def puzzle_embedding(self) -> PuzzleEmbedding | None:
        """Trained by sign-SGD, apart from the rest."""
        return self.embedding.puzzle

    def initial_state(self, batch_size: int) -> State:
        """The state before the first step, (B, V, P, D), a view of one vector."""
        return (self.initial.expand(batch_size, self.symbols, self.positions, -1),)

    def forward(
        self,
        state: State,
        inputs: Tensor,
        puzzle_identifiers: Tensor,
        step: Step | None = None,
    ) -> StepOutput:
        """T x n loops, of which the last n have gradients. Without a step there is no dropout."""
        (z,) = state
        x = self.embedding(inputs, puzzle_identifiers, z.dtype)
        with torch.no_grad():
            for _ in range((self.options.T - 1) * self.options.n):
                z = self.network(z, x, each=self.masks(z, step))
        for _ in range(self.options.n):
            z = self.network(z, x, each=self.masks(z, step))
        logits = self.answer(z)
        confidence = least_confidence(logits)
        # As released: where others have a halting logit, the halting loss takes the confidence,
        # which has no gradient.
        return StepOutput((z.detach(),), logits, halt_logits=confidence, confidence=confidence)

    def masks(self, z: Tensor, step: Step | None) -> list[tuple[Tensor, Tensor]]:
        """What multiplies the attention weights of each block in this loop; nothing as a rule."""
        chosen = self.options
        if step is None or not chosen.dropout or not (step.training or chosen.dropout_at_test):
            return []
        return drawn_masks(z, chosen, chosen.dropout, step.draw)

    def answer(self, z: Tensor) -> Tensor:
        """Logits (B, L, V) from the state (B, V, P, D)."""
        of_tokens = z[:, :, : self.seq_len].transpose(1, 2)
        if self.options.equivariant:
            of_symbols: Tensor = self.answer_head(of_tokens)
            return of_symbols.squeeze(-1)
        logits: Tensor = self.answer_head(of_tokens.flatten(2))
        return logits

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: T x n loops, then the answer head."""
        o, V, P = self.options, self.symbols, self.positions
        weights = sum(weight.numel() for weight in self.network.parameters())
        heads = P * o.heads * o.head_width + V * o.symbol_heads * o.symbol_head_width
        scores = o.layers * 2 * heads  # and the average of the values
        loop = 2 * V * P * (weights + scores)
        reading = 2 * self.seq_len * V * o.width * (1 if o.equivariant else V)
        return ForwardFlops((o.T - 1) * o.n * loop, o.n * loop + reading)


@torch.no_grad()
def least_confidence(logits: Tensor) -> Tensor:
    """The least of the positions' largest probabilities: (B, L, V) -> (B,), at least float32."""
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return wide.softmax(-1).amax(-1).amin(-1)


def _rotary(options: Options, info: TaskInfo) -> Rotary | None:
    place = torch.arange(info.seq_len)
    columns = info.grid_shape[1]
    if options.position_encoding == "rope2d":
        return Rotary([place // columns, place % columns], options.head_width)
    return Rotary([place], options.head_width) if options.position_encoding == "rope" else None
