"""An optimiser with two groups of weights, and a preset that clips gradients and asks for it."""

from __future__ import annotations

from trmbench import ModelSpec, OptimizerSpec, Preset, hookimpl
from trmbench.nn import NetworkOptions


def build_optimizer(weights, settings):
    import torch

    class Signum(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for weight in group["params"]:
                    if weight.grad is None:
                        continue
                    kept = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                    kept.lerp_(weight.grad, 1 - settings.beta1)
                    weight.mul_(1 - group["lr"] * group["decay"])
                    weight.sub_(kept.sign(), alpha=group["lr"])

    hidden = [each.tensor for each in weights if each.is_hidden_matrix]
    others = [each.tensor for each in weights if not each.is_hidden_matrix]
    groups = [{"params": hidden, "decay": settings.weight_decay}, {"params": others, "decay": 0.0}]
    return Signum([group for group in groups if group["params"]], {"lr": settings.learning_rate})


def build(options, info, context):
    from trmbench.nn import Network, PuzzleModel

    class Clipped(PuzzleModel):
        max_steps = 4

        def __init__(self):
            super().__init__(options, info, states=1)
            self.network = Network(options, self.positions)

        def forward(self, state, inputs, puzzle_identifiers):
            x = self.embedding(inputs, puzzle_identifiers, state[0].dtype)
            z = self.network(state[0], x)
            return self.read(z, (z,))

        def hidden_matrices(self):
            named = self.network.named_parameters(prefix="network")
            return [name for name, weight in named if weight.dim() == 2]

    return Clipped()


@hookimpl
def trmbench_optimizers():
    return [OptimizerSpec("signum", "The sign of a momentum", build_optimizer, elementwise=True)]


@hookimpl
def trmbench_models():
    small = {"width": 32, "heads": 4, "mixing": "mlp", "position_encoding": "none"}
    train = {"steps": 300, "batch_size": 32, "learning_rate": 1e-3, "warmup_steps": 50, "ema": 0.9}
    train |= {"optimizer": "signum", "clip": 1.0, "weight_decay": 0.1}
    presets = {"mini": Preset(options=small, train=train)}
    return [ModelSpec("signum", "Trained by signum", presets, build, options=NetworkOptions)]
