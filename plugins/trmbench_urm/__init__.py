"""The Universal Reasoning Model (arXiv 2512.14693) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import (
    ARC_TASKS,
    MINI_FOR_ARC,
    MINI_NETWORK,
    MINI_TRAIN,
    PAPER_TRAIN,
)
from trmbench_urm.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_urm.model import URM


_PAPER = Preset(
    train={**PAPER_TRAIN, "batch_size": 128, "epochs": 50_000, "ema": 0.999},
    for_task=dict.fromkeys(
        ARC_TASKS,
        Preset(
            train={
                "batch_size": 768,
                "epochs": 200_000,
                "weight_decay": 0.1,
                "puzzle_learning_rate": 1e-2,
                "puzzle_weight_decay": 0.1,
            }
        ),
    ),
)
"""The released commands; there is none for Maze, which takes the values of Sudoku."""

_MINI = Preset(
    options={**MINI_NETWORK, "layers": 2, "T": 2, "n": 3, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99},
    for_task=MINI_FOR_ARC,
)


def build(options: Options, info: TaskInfo, context: Context) -> URM:
    """A new URM on the context's device."""
    from trmbench_urm.model import URM

    return URM(options, info).to(context.device)


REFERENCE = ReferenceWeights.of_module("trmbench_urm.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer URM."""
    return [
        ModelSpec(
            name="urm",
            title="Universal Reasoning Model (2512.14693)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            reference=REFERENCE,
        )
    ]
