"""The contract of an optimiser, tried with a few weights of a toy network."""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trmbench.spec import OptimizerSpec
from trmbench.spec.settings import TrainSettings
from trmbench.testing.conformance import Check, require
from trmbench.testing.listing import require_light
from trmbench.training.optimizers import Optimizers, stacked_states

STEPS = 3
SETTINGS = TrainSettings(learning_rate=1e-2)


class Tried:
    """The weights of a toy network, or of several seeds of it, and the optimiser that is tried."""

    def __init__(self, spec: OptimizerSpec, *seeds: int, stacked: bool = False) -> None:
        networks = [_network(seed) for seed in seeds or (0,)]
        all_ = [dict(network.named_parameters()) for network in networks]
        self.weights: Mapping[str, Tensor] = all_[0]
        if stacked:
            together = {name: torch.stack([own[name] for own in all_]) for name in all_[0]}
            self.weights = {name: w.detach().requires_grad_() for name, w in together.items()}
        self.optimizer = Optimizers(spec, self.weights, networks[0], SETTINGS)

    def train(self, first: int = 0, last: int = STEPS) -> Mapping[str, Tensor]:
        """Take steps with gradients that follow from the weights."""
        for step in range(first, last):
            for weight in self.weights.values():
                weight.grad = (weight.detach() + step).sin()
            self.optimizer.step(1.0)
        return self.weights


def _network(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        parts = {
            "embedding": nn.Embedding(3, 4),
            "hidden": nn.Linear(4, 6),
            "head": nn.Linear(6, 2),
        }
        return nn.ModuleDict(parts)


def listing(spec: OptimizerSpec) -> None:
    """Listing imports nothing heavy."""
    require_light(spec.build, "optimizers")


def training(spec: OptimizerSpec) -> None:
    """Every weight is trained once, and by the same numbers whenever it is tried."""
    before = {name: weight.detach().clone() for name, weight in Tried(spec).weights.items()}
    after, again = Tried(spec).train(), Tried(spec).train()
    for name, weight in after.items():
        require(not torch.equal(weight, before[name]), f"{name} is never updated")
        require(torch.isfinite(weight).all(), f"{name} is no longer finite after {STEPS} steps")
        require(torch.equal(weight, again[name]), f"{name} differs when training is repeated")


def resuming(spec: OptimizerSpec) -> None:
    """What it keeps can be saved, and a training goes on from it with the same bytes."""
    whole, first, second = Tried(spec), Tried(spec), Tried(spec)
    whole.train()
    first.train(last=2)
    tensors, rest = first.optimizer.saved()
    for name, weight in first.weights.items():
        second.weights[name].data.copy_(weight)
    second.optimizer.restore(
        {name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(rest))
    )
    for name, weight in second.train(first=2).items():
        require(
            torch.equal(weight, whole.weights[name]),
            f"{name} differs after an interruption; keep tensors and numbers in `state` and groups",
        )


def stacking(spec: OptimizerSpec) -> None:
    """If it is elementwise: seeds whose weights are stacked learn what they learn apart."""
    if not spec.elementwise:
        return
    apart = [Tried(spec, seed) for seed in (1, 2)]
    together = Tried(spec, 1, 2, stacked=True)
    for one in apart:
        one.train(last=2)
    together.train(last=2)
    states = stacked_states(one.optimizer.states() for one in apart)
    together.optimizer.load(states, apart[0].optimizer.groups())
    together.train(first=2)
    for seed, one in enumerate(apart):
        for name, weight in one.train(first=2).items():
            require(
                torch.allclose(weight, together.weights[name][seed], rtol=1e-5, atol=1e-7),
                f"{name} differs where seeds are stacked; leave `elementwise` out",
            )


CHECKS = (
    Check(listing),
    Check(training, vital=True),
    Check(resuming),
    Check(stacking),
)
