"""Curriculum Guided Adaptive Recursion (arXiv 2511.08653): not yet a plugin that is listed.

Without T and n that grow with training, and without a loss that counts less at every supervision
step, it is TRM. Until the harness has both, an entry point would offer TRM by another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import MINI_NETWORK, MINI_TRAIN, PAPER_TRAIN
from trmbench_cgar.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_cgar.model import CGAR


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 50_000, "ema": 0.999},
    for_task={
        "sudoku": Preset(options={"mixing": "mlp", "position_encoding": "none"}),
        "maze": Preset(options={"n": 4}),
    },
)
"""TRM's released commands; the paper trains on Sudoku alone."""

_MINI = Preset(
    options={**MINI_NETWORK, "T": 2, "n": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99},
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
            reference=REFERENCE,
        )
    ]
