"""The Symbol-Equivariant Recurrent Reasoning Model (arXiv 2603.02193) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import ModelSpec, Preset, ReferenceWeights, hookimpl
from trmbench.published.presets import ARC_TASKS, MINI_FOR_ARC, MINI_TRAIN, PAPER_TRAIN
from trmbench_se_rrm.options import Options

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_se_rrm.model import SERRM


_UNLIKE = {"equivariant": False}
"""For tasks whose tokens are not interchangeable."""

_PAPER = Preset(
    train={**PAPER_TRAIN, "batch_size": 272, "epochs": 10_000, "ema": 0.999},
    for_task={
        "sudoku": Preset(
            options={"n": 6, "extra_positions": 4, "dropout": 0.2},
            train={"halt_exploration": 0.05},
        ),
        "maze": Preset(options=_UNLIKE, train={"batch_size": 64, "learning_rate": 5e-4}),
        **dict.fromkeys(("nonogram", "coloring", "queens"), Preset(options=_UNLIKE)),
        **dict.fromkeys(
            ARC_TASKS,
            Preset(
                options={"puzzle_embedding": True},
                train={
                    "learning_rate": 5e-4,
                    "min_learning_rate_ratio": 0.1,
                    "weight_decay": 0.1,
                    "puzzle_learning_rate": 1e-2,
                    "puzzle_weight_decay": 0.3,
                },
            ),
        ),
    },
)
"""The released commands; dropout is for training alone, where theirs is at test as well."""

_MINI = Preset(
    options={
        "layers": 1,
        "width": 24,
        "heads": 2,
        "head_width": 12,
        "symbol_heads": 2,
        "symbol_head_width": 12,
        "expansion": 2.0,
        "multiple_of": 16,
        "T": 2,
        "n": 2,
        "supervision_steps": 4,
    },
    train={**MINI_TRAIN, "ema": 0.99},
    for_task={
        "maze": Preset(options=_UNLIKE),
        **dict.fromkeys(("nonogram", "coloring", "queens"), Preset(options=_UNLIKE)),
        **{
            task: Preset(options={"puzzle_embedding": True}, train=MINI_FOR_ARC[task].train)
            for task in ARC_TASKS
        },
    },
)


def build(options: Options, info: TaskInfo, context: Context) -> SERRM:
    """A new SE-RRM on the context's device."""
    from trmbench_se_rrm.model import SERRM

    return SERRM(options, info).to(context.device)


REFERENCE = ReferenceWeights.of_module("trmbench_se_rrm.reference")
load_reference, export_reference = REFERENCE.load, REFERENCE.export


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer SE-RRM."""
    return [
        ModelSpec(
            name="se-rrm",
            title="Symbol-Equivariant Recurrent Reasoning Model (2603.02193)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            reference=REFERENCE,
        )
    ]
