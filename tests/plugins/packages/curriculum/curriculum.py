"""A curriculum: more latent updates as the training goes on, and a state that opens up with it."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    supervision_steps: int = setting(4, at_least=1)
    n: int = setting(3, at_least=1)
    grows_until: float = setting(0.6, above=0, at_most=1)


def schedule(options, progress):
    share = min(1.0, progress / options.grows_until)
    return {"n": 1 + round(share * (options.n - 1))}


def build(options, info, context):
    from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops

    class Curriculum(PuzzleModel):
        max_steps = options.supervision_steps

        def __init__(self):
            super().__init__(options, info, states=1)
            self.network = Network(options, self.positions)

        def forward(self, state, inputs, puzzle_identifiers, step):
            (z,) = state
            x = self.embedding(inputs, puzzle_identifiers, z.dtype)
            carried = (0.5 + 0.5 * step.progress).to(z.dtype)  # early on, less of the past
            is_first = (step.number == 0).to(z.dtype)[:, None, None]
            z = z * (is_first + (1 - is_first) * carried)
            for _ in range(step.schedule["n"]):
                z = self.network(z, x)
            return self.read(z, (z,))

        def forward_flops(self, schedule):
            passes = schedule["n"] * network_flops(options, self.positions)
            return ForwardFlops(0, passes + self.reading_flops)

    return Curriculum()


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {"steps": 300, "batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 50, "ema": 0.9}
    presets = {"mini": Preset(options=small, train=train)}
    more = {"options": Options, "schedule": schedule}
    return [ModelSpec("curriculum", "More updates as it goes on", presets, build, **more)]
