"""The Hierarchical Reasoning Model (arXiv 2506.21734) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trmbench import Context, ModelSpec, Preset, ReferenceWeights, TaskInfo, hookimpl
from trmbench.nn import RecursionOptions
from trmbench.nn.presets import MINI_NETWORK, MINI_TRAIN, PAPER_TRAIN, PAPER_TRAIN_ARC, for_arc

if TYPE_CHECKING:
    from torch import Tensor

    from trmbench_hrm.model import HRM


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The published model; `layers` are those of the low-level network."""

    layers: int = 4
    high_layers: int | None = None
    """Blocks of the high-level network; None = as many as `layers`."""
    puzzle_positions: int = 1
    T: int = 2
    n: int = 2


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 20_000, "ema": 0.0},
    for_task=for_arc(Preset(train=PAPER_TRAIN_ARC)),
)
"""The released commands ("full-scale experiments")."""

_MINI = Preset(
    options={**MINI_NETWORK, "layers": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.0},
    for_task=for_arc(Preset(options={"puzzle_positions": 1}, train={"steps": 1_000})),
)


def build(options: Options, info: TaskInfo, context: Context) -> HRM:
    """A new HRM on the context's device."""
    from trmbench_hrm.model import HRM

    return HRM(options, info).to(context.device)


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> HRM:
    """An HRM with the weights, in their dtype, of the public reference implementation.

    Args:
        config: its `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    from trmbench_hrm.reference import load_reference as load

    return load(config, state_dict)


def export_reference(model: HRM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of an HRM in the reference implementation's names."""
    from trmbench_hrm.reference import export_reference as export

    return export(model)


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What weights in the reference implementation's names tell of their architecture.

    Raises:
        TrmbenchError: they are not the weights of an HRM.
    """
    from trmbench_hrm.reference import describe_reference as describe

    return describe(state_dict)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [
        ModelSpec(
            name="hrm",
            title="Hierarchical Reasoning Model (2506.21734)",
            presets={"paper": _PAPER, "mini": _MINI},
            build=build,
            options=Options,
            reference=ReferenceWeights(load_reference, export_reference, describe_reference),
        )
    ]
