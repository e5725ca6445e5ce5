"""A plugin whose model uses all that the harness can tell it: a drawn state, noise, labels, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from trmbench import ModelSpec, Preset, StepOutput, TaskInfo, hookimpl
from trmbench.spec.models import Draw, Step
from trmbench.testing.toy_model import ToyModel
from trmbench.testing.toy_options import ToyModelOptions


@dataclass(frozen=True)
class ToldOptions(ToyModelOptions):
    """The toy model's options, and how much noise there is."""

    noise: float = 0.1


class Told(ToyModel):
    """The toy model from a random state, with noise, dropout and a loss of its own."""

    heard: ClassVar[list[dict[str, Any]]] = []
    """What each step was told, in plain numbers."""

    def __init__(self, options: ToldOptions, info: TaskInfo) -> None:
        super().__init__(options, info)
        self.noise = options.noise

    def initial_state(self, batch_size: int, draw: Draw) -> tuple[Tensor, ...]:  # type: ignore[override]
        (zeros,) = super().initial_state(batch_size)
        return (draw.normal(zeros),)

    def forward(  # type: ignore[override]
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor, step: Step
    ) -> StepOutput:
        kept = step.draw.bernoulli(state[0], 0.9)
        noisy = state[0] * kept + self.noise * step.draw.normal(state[0])
        output = super().forward((noisy,), inputs, puzzle_identifiers)
        if not torch._C._functorch.peek_interpreter_stack():
            self._hear(step)
        return output._replace(losses={"size": output.logits.square().mean((1, 2))})

    def _hear(self, step: Step) -> None:
        if step.number.is_meta:
            raise RuntimeError("this model needs numbers, so its operations cannot be traced")
        told = {"training": step.training, "labels": step.labels is not None}
        numbers = {"progress": float(step.progress), "number": step.number.tolist()}
        self.heard.append({**told, **numbers, "schedule": dict(step.schedule)})


def schedule(options: ToldOptions, progress: float) -> dict[str, int]:
    """Two until half of the training is done, then four."""
    return {"n": 2 if progress < 0.5 else 4}


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    train = {"steps": 8, "batch_size": 6, "learning_rate": 3e-3, "warmup_steps": 1}
    return [
        ModelSpec(
            "told",
            "A model that listens",
            {"mini": Preset(train=train)},
            build=lambda options, info, context: Told(options, info),
            options=ToldOptions,
            schedule=schedule,
        )
    ]
