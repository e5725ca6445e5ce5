"""Options of HRM."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import setting
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The published model; `layers` are the low-level network's."""

    layers: int = setting(4, at_least=1, at_most=200)
    high_layers: int | None = setting(None, at_least=1, at_most=200)
    """Blocks of the high-level network; None = as many as `layers`."""
    puzzle_positions: int = setting(1, at_least=0, at_most=1_024)
    T: int = setting(2, at_least=1, at_most=100)
    n: int = setting(2, at_least=1, at_most=100)
