"""A state of rank 4: a vector for every symbol at every position, and a counter of its own."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting


@dataclass(frozen=True)
class Options:
    supervision_steps: int = setting(4, at_least=1)
    width: int = setting(16, at_least=1)


def build(options, info, context):
    import torch
    from torch import nn

    from trmbench import StepOutput

    class Plane(nn.Module):
        max_steps = options.supervision_steps
        puzzle_embedding = None

        def __init__(self):
            super().__init__()
            self.stands = nn.Parameter(torch.randn(options.width))
            self.over_symbols = nn.Linear(info.vocab_size, info.vocab_size)
            self.over_positions = nn.Linear(info.seq_len, info.seq_len)
            self.over_features = nn.Linear(options.width, options.width)
            self.answer = nn.Linear(options.width, 1)

        def initial_state(self, batch_size):
            shape = (batch_size, info.vocab_size, info.seq_len, options.width)
            zeros = self.stands.new_zeros(shape)
            return zeros, zeros[:, 0, 0, 0]

        def forward(self, state, inputs, puzzle_identifiers):
            z, count = state
            here = nn.functional.one_hot(inputs, info.vocab_size).mT[..., None].to(z.dtype)
            z = z + here * self.stands
            z = z + self.over_positions(z.mT).mT
            z = z + self.over_symbols(z.transpose(1, 3)).transpose(1, 3)
            z = torch.tanh(z + self.over_features(z))
            logits = self.answer(z).squeeze(-1).mT
            sure = logits.softmax(-1).amax(-1).amin(-1)
            return StepOutput((z.detach(), count + 1), logits, confidence=sure.detach())

    return Plane()


@hookimpl
def trmbench_models():
    train = {"steps": 300, "batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 50, "ema": 0.9}
    presets = {"mini": Preset(train=train)}
    return [ModelSpec("plane", "A vector per symbol and position", presets, build, options=Options)]
