"""A training of another kind: weights of the supervision steps, smoothed labels, cosine decay."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    supervision_steps: int = setting(4, at_least=1)


def build(options, info, context):
    from trmbench.nn import Network, PuzzleModel

    class Stepwise(PuzzleModel):
        max_steps = options.supervision_steps
        stacks_seeds = True

        def __init__(self):
            super().__init__(options, info, states=1)
            self.network = Network(options, self.positions)

        def forward(self, state, inputs, puzzle_identifiers):
            x = self.embedding(inputs, puzzle_identifiers, state[0].dtype)
            z = self.network(state[0], x)
            return self.read(z, (z,))

    return Stepwise()


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {
        "steps": 300,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "warmup_steps": 50,
        "min_learning_rate_ratio": 0.1,
        "step_weights": 0.7,
        "label_smoothing": 0.05,
        "loss": "softmax",
        "ema": 0.9,
    }
    presets = {"mini": Preset(options=small, train=train)}
    return [ModelSpec("stepwise", "Another kind of training", presets, build, options=Options)]
