"""Options of HRM."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """The published model; `layers` are the low-level network's."""

    layers: int = 4
    high_layers: int | None = None
    """Blocks of the high-level network; None = as many as `layers`."""
    puzzle_positions: int = 1
    T: int = 2
    n: int = 2
