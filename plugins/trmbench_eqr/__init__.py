"""The Equilibrium Reasoner (arXiv 2605.21488) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import BaseCell, ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import MINI_NETWORK, MINI_OF_MINI_ARC, MINI_TRAIN, PAPER_TRAIN
from trmbench_eqr.options import BreadthOptions, Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_eqr.breadth import Breadth
    from trmbench_eqr.model import EqR


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 50_000, "ema": 0.999},
    for_task={
        "sudoku": Preset(options={"mixing": "mlp", "position_encoding": "none"}),
        "maze": Preset(options={"layers": 1, "width": 128, "n": 4}, train={"epochs": 100_000}),
    },
)
"""The released configurations, of Sudoku-Extreme and of mazes with one solution."""

_MINI = Preset(
    options={**MINI_NETWORK, "T": 2, "n": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99},
    for_task={"maze": Preset(train={"learning_rate": 1e-2}), "arc-mini": MINI_OF_MINI_ARC},
)


def build(options: Options, info: TaskInfo, context: Context) -> EqR:
    """A new EqR on the context's device."""
    from trmbench_eqr.model import EqR

    return EqR(options, info).to(context.device)


_BREADTH_PAPER = Preset(
    for_task={"sudoku": Preset(options={"restarts": 128, "steps": 64, "noise": 0.5})}
)
"""The released evaluation of Sudoku-Extreme; that of mazes is not told."""


def build_breadth(options: BreadthOptions, info: TaskInfo, context: Context) -> Breadth:
    """A solver that lets the trained EqR begin several times."""
    from trmbench_eqr.breadth import Breadth

    return Breadth(context.bases[0], options, context.precision, context.seed)


REFERENCE = ReferenceWeights.of_module("trmbench_eqr.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer EqR, and its breadth at test."""
    return [
        ModelSpec(
            name="eqr",
            title="Equilibrium Reasoner (2605.21488)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            reference=REFERENCE,
        ),
        ModelSpec(
            name="eqr-breadth",
            title="Equilibrium Reasoner, the most settled of several runs (2605.21488)",
            presets={"paper": _BREADTH_PAPER, "mini": Preset(options={"steps": 16})},
            build=build_breadth,
            base=lambda options: BaseCell("eqr", trial=options.base_trial),
            options=BreadthOptions,
        ),
    ]
