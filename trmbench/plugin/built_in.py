"""The optimisers that trmbench brings itself; torch is imported when one is built."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench.spec.optimizers import BuildOptimizer, OptimizerSpec, Weight

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from trmbench.spec.settings import TrainSettings


def _later(function: str) -> BuildOptimizer:
    """A function of the training, which is above this room and loads torch."""

    def build(weights: Sequence[Weight], settings: TrainSettings) -> Sequence[Optimizer]:
        module = importlib.import_module("trmbench.training.optimizers")
        built: Sequence[Optimizer] = getattr(module, function)(weights, settings)
        return built

    return build


OPTIMIZERS = (
    OptimizerSpec(
        "adam_atan2", "Adam with an arctangent for a quotient", _later("adam_atan2"), True
    ),
    OptimizerSpec("adamw", "AdamW (torch.optim.AdamW)", _later("adamw"), True),
    OptimizerSpec(
        "muon", "Muon (torch.optim.Muon) for hidden matrices, AdamW for the rest", _later("muon")
    ),
)
