"""The toy models: a layer that is applied again and again, and what needs no training."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from trmbench.spec import Answers, Batch, StepOutput, TaskInfo
from trmbench.testing.toy_options import ToyModelOptions


class ToyModel(nn.Module):
    """A recursive model with one feature z (B, L, D)."""

    puzzle_embedding = None

    def __init__(self, options: ToyModelOptions, info: TaskInfo) -> None:
        super().__init__()
        self.max_steps = options.steps
        self.fails = options.fails
        self.shape = (info.seq_len, options.width)
        self.embed = nn.Embedding(info.vocab_size, options.width)
        self.positions = nn.Linear(info.seq_len, info.seq_len)
        self.features = nn.Linear(options.width, options.width)
        self.answer = nn.Linear(options.width, info.vocab_size)
        self.halt = nn.Linear(options.width, 1)

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """Zeros on the device of the weights."""
        return (torch.zeros(batch_size, *self.shape, device=self.embed.weight.device),)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """Look at every position, then at every feature."""
        if self.fails:
            raise RuntimeError("the toy model was told to fail")
        z = state[0] + self.embed(inputs).to(state[0].dtype)
        z = z + self.positions(z.mT).mT
        z = torch.tanh(z + self.features(z))
        return StepOutput((z.detach(),), self.answer(z), self.halt(z.mean(1)).squeeze(-1))


class Echo:
    """A solver that repeats the question, with confidence 0."""

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The question (B, L)."""
        return Answers(batch.inputs, torch.zeros(len(batch.inputs)))
