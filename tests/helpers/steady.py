"""A plugin with an optimiser whose memory is a tensor, a number, and a number of its group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trmbench import OptimizerSpec, Weight, hookimpl


def build(weights: Sequence[Weight], settings: Any) -> Any:
    import torch

    class Steady(torch.optim.Optimizer):
        """Momentum whose strength grows with the updates of the group and of the weight."""

        @torch.no_grad()
        def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                group["updates"] += 1
                for weight in group["params"]:
                    kept = self.state[weight]
                    kept.setdefault("momentum", torch.zeros_like(weight))
                    kept["seen"] = kept.get("seen", 0) + 1
                    strength = 1 / (1 + kept["seen"] + group["updates"])
                    kept["momentum"].lerp_(weight.grad, 1 - strength)
                    weight.sub_(kept["momentum"], alpha=group["lr"])

    tensors = [weight.tensor for weight in weights]
    return Steady(tensors, {"lr": settings.learning_rate, "updates": 0})


def build_half(weights: Sequence[Weight], settings: Any) -> Any:
    return build(weights[1:], settings)


@hookimpl
def trmbench_optimizers() -> Sequence[OptimizerSpec]:
    return [
        OptimizerSpec("steady", "Steady momentum", build),
        OptimizerSpec("half", "Forgets a weight", build_half),
    ]
