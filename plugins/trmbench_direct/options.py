"""Options of direct prediction."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import setting
from trmbench.nn import NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    """A network as deep as HRM's two together: some 27M parameters with attention."""

    layers: int = setting(8, at_least=1, at_most=200)
    puzzle_positions: int = setting(1, at_least=0, at_most=1_024)
