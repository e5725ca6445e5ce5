"""Options of EqR."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import setting
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """TRM without puzzle embedding, whose updates go most of the way only."""

    puzzle_positions: int = setting(0, at_least=0, at_most=1_024)
    relaxation: float = setting(0.95, above=0, at_most=1)
    """lambda: share of the new value in an update; the rest is the old one."""
    noise: float = setting(0.01, at_least=0, at_most=10)
    """sigma: standard deviation of what every update adds in training."""
    noise_at_test: float = setting(0.0, at_least=0, at_most=10)
    """The same at test."""
