"""Options of TRM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trmbench import TrmbenchError, setting
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The paper's model; its ablations are other values (section 4, tables 1 and 2)."""

    features: int = setting(2, at_least=1, at_most=1_000)
    """Kept between updates: 2 = (y, z), 1 = single z, 7 = multi-scale z (y and six z)."""
    separate_networks: bool = False
    """One network for the latent and one for the answer, instead of one for both."""
    gradient: Literal["full", "one_step"] = "full"
    """Gradients go through the whole last recursion, or its last update of z and of y (HRM)."""
    act_continue: bool = False
    """Learn to continue as well as to halt, at the price of a second forward pass (HRM)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gradient not in ("full", "one_step"):
            raise TrmbenchError(
                f"model.gradient is {self.gradient!r}", "it must be full or one_step"
            )
