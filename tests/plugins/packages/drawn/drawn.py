"""A network whose state begins at random, with noise and dropout at every step of the training."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    supervision_steps: int = setting(4, at_least=1)
    noise: float = setting(0.1, at_least=0)
    keep: float = setting(0.9, above=0, at_most=1)


def build(options, info, context):
    from trmbench.nn import Network, PuzzleModel

    class Drawn(PuzzleModel):
        max_steps = options.supervision_steps

        def __init__(self):
            super().__init__(options, info, states=0)
            self.network = Network(options, self.positions)

        def initial_state(self, batch_size, draw):
            shape = (batch_size, self.positions, options.width)
            return (draw.normal(self.answer_head.weight.new_zeros(shape)),)

        def forward(self, state, inputs, puzzle_identifiers, step):
            (z,) = state
            if step.training:
                z = z * step.draw.bernoulli(z, options.keep) / options.keep
                z = z + options.noise * step.draw.normal(z)
            z = self.network(z, self.embedding(inputs, puzzle_identifiers, z.dtype))
            return self.read(z, (z,))

    return Drawn()


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {"steps": 300, "batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 50, "ema": 0.9}
    presets = {"mini": Preset(options=small, train=train)}
    return [ModelSpec("drawn", "Random states, noise, dropout", presets, build, options=Options)]
