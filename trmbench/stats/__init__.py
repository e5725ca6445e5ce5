"""Statistics for cells of trials: arrays in, plain numbers out; imports nothing else of trmbench.

The names are loaded when they are first used: importing this package imports neither numpy nor
scipy. `docs/statistics.md` explains the methods.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trmbench.stats.across_tasks import (
        Aggregate,
        interquartile_mean,
        performance_profile,
        probability_of_improvement,
    )
    from trmbench.stats.cells import CellMoments, average_groups, moments
    from trmbench.stats.comparison import Comparison, compare, compare_all
    from trmbench.stats.intervals import Interval, clopper_pearson, interval, wilson
    from trmbench.stats.multiplicity import holm
    from trmbench.stats.puzzles import PuzzleCounts, puzzle_table
    from trmbench.stats.variance import VarianceShares

_MODULE_OF = {
    "Aggregate": "across_tasks",
    "CellMoments": "cells",
    "Comparison": "comparison",
    "Interval": "intervals",
    "PuzzleCounts": "puzzles",
    "VarianceShares": "variance",
    "average_groups": "cells",
    "clopper_pearson": "intervals",
    "compare": "comparison",
    "compare_all": "comparison",
    "holm": "multiplicity",
    "interquartile_mean": "across_tasks",
    "interval": "intervals",
    "moments": "cells",
    "performance_profile": "across_tasks",
    "probability_of_improvement": "across_tasks",
    "puzzle_table": "puzzles",
    "wilson": "intervals",
}

__all__ = [
    "Aggregate",
    "CellMoments",
    "Comparison",
    "Interval",
    "PuzzleCounts",
    "VarianceShares",
    "average_groups",
    "clopper_pearson",
    "compare",
    "compare_all",
    "holm",
    "interquartile_mean",
    "interval",
    "moments",
    "performance_profile",
    "probability_of_improvement",
    "puzzle_table",
    "wilson",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trmbench.stats' has no attribute {name!r}")
    return getattr(importlib.import_module(f"trmbench.stats.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
