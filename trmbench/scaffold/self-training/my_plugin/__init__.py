"""MyPlugin, a model with a training loop of its own for trmbench.

This module is imported whenever models are listed: torch is imported by `build` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trmbench import Context, ModelSpec, Preset, TaskInfo, hookimpl, setting

if TYPE_CHECKING:
    from my_plugin.model import MyPlugin


@dataclass(frozen=True)
class Options:
    """The keys of `model.*`, with their defaults."""

    learning_rate: float = setting(0.5, above=0, at_most=1_000)
    """Learning rate of the classifiers."""


def build(options: Options, info: TaskInfo, context: Context) -> MyPlugin:
    """A new model, not yet trained."""
    from my_plugin.model import MyPlugin

    return MyPlugin(options, info)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer the model."""
    return [
        ModelSpec(
            name="my-plugin",
            title="MyPlugin",
            presets={"mini": Preset(train={"steps": 1_000, "batch_size": 32})},
            build=build,
            options=Options,
        )
    ]
