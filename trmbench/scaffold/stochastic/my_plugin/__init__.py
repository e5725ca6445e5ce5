"""MyPlugin, a recursive model with seeded randomness for trmbench.

This module is imported whenever models are listed: torch is imported by `build` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trmbench import Context, ModelSpec, Preset, TaskInfo, hookimpl, setting
from trmbench.nn import NetworkOptions

if TYPE_CHECKING:
    from my_plugin.model import MyPlugin


@dataclass(frozen=True)
class Options(NetworkOptions):
    """The keys of `model.*`, with their defaults."""

    updates: int = setting(8, at_least=1, at_most=1_000)
    """Updates of the latent per supervision step."""
    noise: float = setting(0.01, at_least=0, at_most=10)
    """Standard deviation of the noise that is added to the latent at every update in training."""
    supervision_steps: int = setting(4, at_least=1, at_most=10_000)
    """N_sup."""


_MINI = Preset(
    options={
        "mixing": "mlp",
        "position_encoding": "none",
        "width": 48,
        "heads": 4,
        "expansion": 2.0,
        "multiple_of": 16,
        "puzzle_positions": 0,
    },
    train={
        "steps": 1_500,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "warmup_steps": 100,
        "weight_decay": 0.1,
        "ema": 0.99,
    },
)


def build(options: Options, info: TaskInfo, context: Context) -> MyPlugin:
    """A new model; torch's generator is seeded already."""
    from my_plugin.model import MyPlugin

    return MyPlugin(options, info)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer the model."""
    return [
        ModelSpec(
            name="my-plugin",
            title="MyPlugin",
            presets={"mini": _MINI},
            build=build,
            options=Options,
        )
    ]
