"""The Tiny Recursive Model (arXiv 2510.04871) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import (
    MINI_FOR_ARC,
    MINI_NETWORK,
    MINI_TRAIN,
    PAPER_TRAIN,
    PAPER_TRAIN_ARC,
    TRM_ARC_DATA,
)
from trmbench_trm.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_trm.model import TRM


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 50_000, "ema": 0.999},
    for_task={
        "sudoku": Preset(options={"mixing": "mlp", "position_encoding": "none"}),
        "maze": Preset(options={"n": 4}),
        **{
            task: Preset(options={"n": 4}, train=PAPER_TRAIN_ARC, task=data)
            for task, data in TRM_ARC_DATA.items()
        },
    },
)
"""The released commands, which are not the paper's text throughout (n, epochs, optimiser)."""

_MINI = Preset(
    options={**MINI_NETWORK, "T": 2, "n": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99},
    for_task=MINI_FOR_ARC,
)


def build(options: Options, info: TaskInfo, context: Context) -> TRM:
    """A new TRM on the context's device."""
    from trmbench_trm.model import TRM

    return TRM(options, info).to(context.device)


REFERENCE = ReferenceWeights.of_module("trmbench_trm.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [
        ModelSpec(
            name="trm",
            title="Tiny Recursive Model (2510.04871)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            reference=REFERENCE,
        )
    ]
