"""Options of direct prediction."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    """A network as deep as HRM's two together: some 27M parameters with attention."""

    layers: int = 8
    puzzle_positions: int = 1
