"""Curriculum Guided Adaptive Recursion (arXiv 2511.08653) as a trmbench plugin.

It is TRM with T and n that grow with training, and with a loss that counts less at every
supervision step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import MINI_NETWORK, MINI_OF_MINI_ARC, MINI_TRAIN, PAPER_TRAIN
from trmbench_cgar.options import STEP_WEIGHTS, Options, schedule

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_cgar.model import CGAR


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 50_000, "ema": 0.999, "step_weights": STEP_WEIGHTS},
    for_task={
        "sudoku": Preset(options={"mixing": "mlp", "position_encoding": "none"}),
        "maze": Preset(options={"n": 4}),
    },
)
"""TRM's released commands; the paper trains on Sudoku alone."""

_MINI = Preset(
    options={**MINI_NETWORK, "T": 2, "n": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99, "step_weights": STEP_WEIGHTS},
    for_task={"arc-mini": MINI_OF_MINI_ARC},
)


def build(options: Options, info: TaskInfo, context: Context) -> CGAR:
    """A new CGAR on the context's device."""
    from trmbench_cgar.model import CGAR

    return CGAR(options, info).to(context.device)


REFERENCE = ReferenceWeights.of_module("trmbench_cgar.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer CGAR."""
    return [
        ModelSpec(
            name="cgar",
            title="TRM under a curriculum of T and n (2511.08653)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            schedule=schedule,
            reference=REFERENCE,
        )
    ]
