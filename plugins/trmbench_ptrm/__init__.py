"""Probabilistic TRM: stochastic search with a trained TRM (arXiv 2605.19943), as a plugin.

It trains nothing: the harness trains the base, the same seed on the same task, and hands it over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from trmbench import BaseCell, ModelSpec, Preset, TrmbenchError, hookimpl, setting

if TYPE_CHECKING:
    from trmbench import Context, TaskInfo
    from trmbench_ptrm.search import StochasticSearch


@dataclass(frozen=True)
class Options:
    """The search; rollouts and noise are to be tuned on held-out puzzles."""

    base: str = "trm"
    """The model to search with: any recursive model that says how sure it is of its answer."""
    rollouts: int = setting(100, at_least=1, at_most=100_000)
    """K, trajectories per puzzle."""
    noise: float = setting(0.2, at_least=0, at_most=1_000)
    """sigma, standard deviation of the noise; a latent's own root mean square is 1."""
    steps: int | None = setting(None, at_least=1, at_most=100_000)
    """Supervision steps of a trajectory; None = as many as the base was trained with."""
    select: Literal["best", "mode"] = field(default="best", metadata={"unhashed_at": "best"})
    """The chosen answer: of the rollout with the highest halting logit, or the most frequent."""
    base_trial: str | None = field(default=None, metadata={"unhashed_at": None})
    """The id of a trial of the results folder whose weights to search with, such as imported ones
    (`trmbench checkpoint import`); None = those of the base trained with the same seed."""


def _base(options: Options) -> BaseCell:
    return BaseCell(model=options.base, trial=options.base_trial)


def build(options: Options, info: TaskInfo, context: Context) -> StochasticSearch:
    """A solver that searches with the trained base."""
    from trmbench_ptrm.search import StochasticSearch

    if context.base is None:
        raise TrmbenchError("ptrm was built without its trained base", "let the harness build it")
    return StochasticSearch(
        context.base,
        options.rollouts,
        options.noise,
        options.steps,
        context.precision,
        options.select,
    )


_PAPER = Preset(
    for_task={
        "sudoku": Preset(options={"steps": 64, "noise": 0.3}),
        "maze": Preset(options={"noise": 1.0, "select": "mode"}),
        "arc2": Preset(options={"rollouts": 25}),
    }
)
"""The paper's settings; its figure of Maze is the mode's. None is given for other tasks."""


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer probabilistic TRM."""
    return [
        ModelSpec(
            name="ptrm",
            title="Probabilistic TRM: noisy rollouts, best by halting (2605.19943)",
            presets={"paper": _PAPER, "mini": Preset(options={"rollouts": 8})},
            build=build,
            base=_base,
            options=Options,
        )
    ]
