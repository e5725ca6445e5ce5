"""The conformance kit finds what is wrong with an optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from helpers import steady

from trmbench import OptimizerSpec, Weight
from trmbench.plugin import registry
from trmbench.testing import ConformanceError, assert_optimizer_conforms


def spec(update: Callable[[Any, torch.Tensor], None], elementwise: bool = True) -> OptimizerSpec:
    """An optimiser that updates each weight by a function of itself and the weight."""

    class Tried(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for weight in self.param_groups[0]["params"]:
                update(self, weight)

    def build(weights: Sequence[Weight], settings: Any) -> Any:
        return Tried([weight.tensor for weight in weights], {"lr": settings.learning_rate})

    return OptimizerSpec("tried", "An optimiser", build, elementwise)


@pytest.mark.parametrize("name", ["adam_atan2", "adamw", "muon"])
def test_our_optimisers_conform(name: str) -> None:
    assert_optimizer_conforms(registry.optimizers().find(name).spec)


def test_one_that_keeps_numbers_in_its_groups_conforms() -> None:
    assert_optimizer_conforms(steady.trmbench_optimizers()[0], skip={"listing"})


def _idle(one: Any, weight: torch.Tensor) -> None:
    if weight.dim() == 2:
        weight.sub_(weight.grad)


def _random(one: Any, weight: torch.Tensor) -> None:
    weight.sub_(torch.rand_like(weight))


def _forgetful(one: Any, weight: torch.Tensor) -> None:
    vars(one)["steps"] = vars(one).get("steps", 0) + 1
    weight.sub_(weight.grad / vars(one)["steps"])


def _hoarding(one: Any, weight: torch.Tensor) -> None:
    one.state[weight]["past"] = [weight.grad]
    weight.sub_(weight.grad)


def _normalised(one: Any, weight: torch.Tensor) -> None:
    weight.sub_(weight.grad / weight.grad.norm())


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (_idle, "training: hidden.bias is never updated"),
        (_random, "training: .* differs when training is repeated"),
        (_forgetful, "resuming: .* differs after an interruption"),
        (_hoarding, "resuming: .*keeps past, a list, which cannot be saved"),
        (_normalised, "stacking: .* leave `elementwise` out"),
    ],
)
def test_a_broken_optimiser_is_found(update: Callable[[Any, Any], None], message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        assert_optimizer_conforms(spec(update), skip={"listing"})
