"""A flow from noise to the answer: in training from a point between both, at test step by step."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    supervision_steps: int = setting(4, at_least=1)


def build(options, info, context):
    import torch
    from torch.nn import functional

    from trmbench.nn import Network, PuzzleModel

    class Flow(PuzzleModel):
        max_steps = options.supervision_steps

        def __init__(self):
            super().__init__(options, info, states=0)
            self.network = Network(options, self.positions)
            self.point = torch.nn.Linear(info.vocab_size, options.width)

        def initial_state(self, batch_size, draw):
            shape = (batch_size, info.seq_len, info.vocab_size)
            return (draw.normal(self.answer_head.weight.new_zeros(shape)),)

        def forward(self, state, inputs, puzzle_identifiers, step):
            (x,) = state
            if step.training:
                time = step.draw.uniform(x[:, :1, :1])
                answer = functional.one_hot(step.labels, info.vocab_size).to(x)
                x = (1 - time) * step.draw.normal(x) + time * answer
            before = functional.pad(self.point(x), (0, 0, self.positions - info.seq_len, 0))
            embedded = self.embedding(inputs, puzzle_identifiers, x.dtype)
            output = self.read(self.network(before, embedded), ())
            left = (self.max_steps - step.number).clamp_min(1)[:, None, None]
            x = x + (output.logits.to(x).softmax(-1) - x) / left
            return output._replace(state=(x.detach(),))

    return Flow()


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {"steps": 300, "batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 50, "ema": 0.9}
    presets = {"mini": Preset(options=small, train=train)}
    return [ModelSpec("flow", "From noise to the answer", presets, build, options=Options)]
