"""What the user of a comparison wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trmbench.comparison.matching import By
from trmbench.comparison.pairing import Pairing
from trmbench.spec.metrics import PRIMARY
from trmbench.spec.trials import Row


@dataclass(frozen=True)
class Question:
    """What the user wants to know."""

    where: str | None = None
    """Which trials, in the language of `trmbench.comparison.where`."""
    study: Callable[[Sequence[Row]], Mapping[str, str | None]] | None = None
    """Of all rows, the cells that are looked at: by cell_id their names; None = every cell."""
    metric: str = PRIMARY
    baseline: str | None = None
    """Name of the cell or model that the others are compared with; None = all pairs."""
    split: str | None = None
    """The split that was tested; None = each, with verdicts of its own."""
    margin: float | None = None
    """A difference below this, in 0..1, does not matter."""
    not_worse_than: float | None = None
    """A may be worse than B by this, in 0..1: allows the verdict "not worse"."""
    plan: float | None = None
    """A difference, in 0..1, for which undecided pairs say how large a study has to be."""
    population: int | None = None
    """The number of puzzles that is spoken of; None = any number of puzzles like these."""
    looks: tuple[int, ...] = ()
    """The numbers of seeds at which a growing study is looked at."""
    force: bool = False
    """Compare what is not comparable, and say so."""
    ignore_failed: bool = False
    published: bool = False
    """Show what papers report for these tasks."""
    paired: Pairing = "auto"
    """Whether seeds that share weights are compared with each other."""
    match: By = "depth"
    """What is made equal for two cells by comparing them at other depths than tested."""
    exceeds: float | None = None
    """A score, in 0..1, of which the mean over seeds of each cell is to be more."""
    curve: bool = False
    """Show accuracy against compute."""
    dollars_per_hour: float | None = None
    """The price of the machine, for the cost of a trial."""
