"""An ensemble that trusts whichever member halts first (arXiv 2601.19085), as a plugin.

It trains nothing: the harness trains the members, seeds of one model, or finds them trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import BaseCell, ModelSpec, Preset, hookimpl
from trmbench_ensemble.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_ensemble.solver import HaltFirst


def bases(options: Options) -> list[BaseCell]:
    """Name the members: stored trials, these seeds of the base, or as many that are its own."""
    if options.stored:
        return [BaseCell(options.base, trial=trial) for trial in options.stored]
    return [BaseCell(options.base, seeds=options.listed or options.members)]


def build(options: Options, info: TaskInfo, context: Context) -> HaltFirst:
    """A solver that asks the trained members."""
    from trmbench_ensemble.solver import HaltFirst

    return HaltFirst(context.bases, options.steps, context.precision, context.seed)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer the ensemble."""
    return [
        ModelSpec(
            name="ensemble",
            title="Several seeds of a model, the first to halt is trusted (2601.19085)",
            presets={"paper": Preset(), "mini": Preset()},
            build=build,
            base=bases,
            options=Options,
        )
    ]
