"""The Hierarchical Reasoning Model (arXiv 2506.21734) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import (
    HRM_HEADLINE,
    MINI_FOR_ARC,
    MINI_NETWORK,
    MINI_TRAIN,
    PAPER_HRM_ARC,
    PAPER_TRAIN,
)
from trmbench_hrm.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_hrm.model import HRM


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 20_000, "ema": 0.0},
    for_task=PAPER_HRM_ARC,
)
"""The released commands ("full-scale experiments")."""

_MINI = Preset(
    options={**MINI_NETWORK, "layers": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.0},
    for_task=MINI_FOR_ARC,
)


def build(options: Options, info: TaskInfo, context: Context) -> HRM:
    """A new HRM on the context's device."""
    from trmbench_hrm.model import HRM

    return HRM(options, info).to(context.device)


REFERENCE = ReferenceWeights.of_module("trmbench_hrm.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [
        ModelSpec(
            name="hrm",
            title="Hierarchical Reasoning Model (2506.21734)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            headline=HRM_HEADLINE,
            reference=REFERENCE,
        )
    ]
