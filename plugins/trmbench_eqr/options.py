"""Options of EqR, and of its breadth at test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True)
class BreadthOptions:
    """How often a trained EqR begins, how long it goes on, and which of its answers counts."""

    restarts: int = setting(8, at_least=1, at_most=100_000)
    """K, runs per puzzle, each from initial states of its own."""
    select: Literal["residual", "halt"] = "residual"
    """The chosen answer: of the run whose logits change least in the last steps, or of the highest
    halting logit."""
    steps: int | None = setting(None, at_least=2, at_most=100_000)
    """Supervision steps of a run; None = as many as the network was trained with."""
    noise: float = setting(0.0, at_least=0, at_most=10)
    """sigma: standard deviation of what every update adds at test."""
    base_trial: str | None = None
    """The id of a trial of the results folder whose weights are searched with, such as imported
    ones (`trmbench checkpoint import`); None = those of the eqr trained with the same seed."""
