"""The Tiny Recursive Model (arXiv 2510.04871) as a trmbench plugin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trmbench import ModelSpec, Preset, ReferenceWeights, TrmbenchError, hookimpl
from trmbench.nn import RecursionOptions
from trmbench.nn.presets import (
    MINI_ARC,
    MINI_NETWORK,
    MINI_TRAIN,
    PAPER_TRAIN,
    PAPER_TRAIN_ARC,
    for_arc,
)

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_trm.model import TRM


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The paper's model; its ablations are other values (section 4, tables 1 and 2)."""

    features: int = 2
    """Kept between updates: 2 = (y, z), 1 = single z, 7 = multi-scale z (y and six z)."""
    separate_networks: bool = False
    """One network for the latent and one for the answer, instead of one for both."""
    gradient: Literal["full", "one_step"] = "full"
    """Through the whole last recursion, or only through its last update of z and of y (HRM)."""
    act_continue: bool = False
    """Learn to continue as well as to halt, at the price of a second forward pass (HRM)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features < 1:
            raise TrmbenchError(f"model.features is {self.features}", "it must be 1 or more")
        if self.gradient not in ("full", "one_step"):
            raise TrmbenchError(
                f"model.gradient is {self.gradient!r}", "it must be full or one_step"
            )


_PAPER = Preset(
    train={**PAPER_TRAIN, "epochs": 50_000, "ema": 0.999},
    for_task={
        "sudoku": Preset(options={"mixing": "mlp", "position_encoding": "none"}),
        "maze": Preset(options={"n": 4}),
        **for_arc(Preset(options={"n": 4}, train=PAPER_TRAIN_ARC)),
    },
)
"""The released commands, which are not the paper's text throughout (n, epochs, optimiser)."""

_MINI = Preset(
    options={**MINI_NETWORK, "T": 2, "n": 2, "supervision_steps": 4},
    train={**MINI_TRAIN, "ema": 0.99},
    for_task=for_arc(MINI_ARC),
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
