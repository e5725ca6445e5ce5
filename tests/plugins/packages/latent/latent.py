"""A variational latent: a sample of it joins the state, its divergence is a loss by name."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import ModelSpec, Preset, hookimpl, setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    supervision_steps: int = setting(4, at_least=1)
    latent: int = setting(8, at_least=1)


def build(options, info, context):
    import torch

    from trmbench.nn import Network, PuzzleModel

    class Latent(PuzzleModel):
        max_steps = options.supervision_steps

        def __init__(self):
            super().__init__(options, info, states=1)
            self.network = Network(options, self.positions)
            self.moments = torch.nn.Linear(options.width, 2 * options.latent)
            self.back = torch.nn.Linear(options.latent, options.width)

        def forward(self, state, inputs, puzzle_identifiers, step):
            z = self.network(state[0], self.embedding(inputs, puzzle_identifiers, state[0].dtype))
            mean, log_variance = self.moments(z.mean(1)).chunk(2, -1)
            sample = mean
            if step.training:
                sample = mean + (log_variance / 2).exp() * step.draw.normal(mean)
            y = z + self.back(sample)[:, None]
            kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(-1) / 2
            return self.read(y, (y,))._replace(losses={"kl": kl})

    return Latent()


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {"steps": 300, "batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 50, "ema": 0.9}
    presets = {"mini": Preset(options=small, train=train | {"loss_weights": {"kl": 0.01}})}
    return [ModelSpec("latent", "A variational latent", presets, build, options=Options)]
