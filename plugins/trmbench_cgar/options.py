"""Options of CGAR, and its curriculum."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench.nn import RecursionOptions

STARTS = (0.0, 0.3, 0.6)
"""Shares of the training after which each stage begins (2511.08653)."""
STEP_WEIGHTS = 0.7
"""Weight of the loss at each supervision step, as a share of the step before (2511.08653)."""


@dataclass(frozen=True)
class Options(RecursionOptions):
    """TRM's options; T and n are the last stage's."""


def schedule(options: Options, progress: float) -> dict[str, int]:
    """T and n at a share 0..1 of the training: a third, two thirds, then all of both.

    With T=3 and n=6 these are the published (1, 2), (2, 4) and (3, 6). Parts are rounded up.
    """
    stage = sum(progress >= start for start in STARTS)
    T, n = (-(-whole * stage // len(STARTS)) for whole in (options.T, options.n))
    return {"T": T, "n": n}
