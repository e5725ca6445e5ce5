"""MyPlugin, a solver for trmbench: it answers as it is, and nobody trains it.

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

    changes: int = setting(0, at_least=0, at_most=10_000)
    """Cells of each answer that are drawn at random."""


def build(options: Options, info: TaskInfo, context: Context) -> MyPlugin:
    """A new solver."""
    from my_plugin.model import MyPlugin

    return MyPlugin(options, info)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer the solver."""
    return [
        ModelSpec(
            name="my-plugin",
            title="MyPlugin",
            presets={"mini": Preset()},
            build=build,
            options=Options,
        )
    ]
