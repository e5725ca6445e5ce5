"""Direct prediction, the papers' baseline, as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, hookimpl
from trmbench.published.presets import (
    HRM_HEADLINE,
    MINI_FOR_ARC,
    MINI_NETWORK,
    MINI_TRAIN,
    PAPER_HRM_ARC,
    PAPER_TRAIN,
)
from trmbench_direct.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_direct.model import Direct


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 20_000, "ema": 0.0},
    for_task=PAPER_HRM_ARC,
)
"""The baseline is trained as HRM is (2506.21734, figure 1: "direct pred")."""

_MINI = Preset(
    options=MINI_NETWORK,
    train={**MINI_TRAIN, "ema": 0.99},
    for_task=MINI_FOR_ARC,
)


def build(options: Options, info: TaskInfo, context: Context) -> Direct:
    """A new direct predictor on the context's device."""
    from trmbench_direct.model import Direct

    return Direct(options, info).to(context.device)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [
        ModelSpec(
            name="direct",
            title="Direct prediction (one forward pass)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            headline=HRM_HEADLINE,
        )
    ]
