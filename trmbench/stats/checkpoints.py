"""Two fixed systems on the same items: these two checkpoints, whatever trained them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .cells import ScoreArray, moments
from .estimate import Estimate, constant_estimate, t_estimate
from .intervals import clopper_pearson
from .multiplicity import holm, holm_levels
from .power import detectable

LEVEL = 0.05
MCNEMAR, PAIRED_T, CONSTANT = "exact McNemar", "paired t over items", "no variance"


@dataclass(frozen=True)
class CheckpointComparison:
    """What can be said of mean(A) - mean(B) of two fixed systems, on items like these."""

    names: tuple[str, str]
    items: int
    """Items, or groups of them."""
    runs: tuple[int, int]
    """Runs (epochs) of each, averaged item by item."""
    estimate: Estimate
    """The difference and its interval over items; its p-value is the one of `test`."""
    test: str
    """"exact McNemar" for one run each of right or wrong, "paired t over items" or "no
    variance"."""
    p_corrected: float
    """Holm's correction over the call."""
    family: int
    minimum_detectable_difference: float
    """The difference found with probability 0.8 at the corrected level."""
    verdict: str
    """"better" (A than B), "worse" or "undecided"."""

    def __str__(self) -> str:
        a, b = self.names
        found, size = self.estimate, f"{100 * abs(self.estimate.difference):.1f} points"
        p = "< 0.001" if self.p_corrected < 0.001 else f"= {self.p_corrected:.3f}"
        over = f", Holm over {self.family}" if self.family > 1 else ""
        rest = f"these two checkpoints on items like these; {self.test} p {p}{over}"
        if self.verdict != "undecided":
            low, high = sorted(abs(bound) for bound in (found.low, found.high))
            bounds = f"{100 * low:.1f} to {100 * high:.1f}"
            return f"{a} is {self.verdict} than {b} by {size} (95 % CI {bounds}, {rest})."
        bounds = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
        bounds += " uncorrected" if found.low > 0 or found.high < 0 else ""
        side = f"{size} {'above' if found.difference > 0 else 'below'}"
        least = self.minimum_detectable_difference
        found_of = "no difference whatever could be shown."
        if least <= 1:
            found_of = f"a true difference of {100 * least:.1f} points is found four times in five."
        return (
            f"Undecided: {a} is {side if found.difference else 'level with'} {b}"
            f" (95 % CI {bounds}, {rest}). With {self.items:,} items {found_of}"
        )


def compare_checkpoints(
    pairs: Sequence[tuple[ScoreArray, ScoreArray]], names: Sequence[tuple[str, str]] | None = None
) -> list[CheckpointComparison]:
    """Compare pairs of fixed systems on the same items (or groups), in one order, as one family.

    The systems are taken as they are: nothing is said of trainings like theirs (`compare`). One
    run each of right-or-wrong answers is tested by McNemar's exact test, else the items'
    differences of the means over runs by Student's t.

    Args:
        pairs: the scores (K_A, P) and (K_B, P) of each pair, one run or more, in 0..1.
        names: what the sentences call them.

    Raises:
        ValueError: different items, fewer than two, or bad scores.
    """
    called = names or [("A", "B")] * len(pairs)
    tests = [_test(np.asarray(a), np.asarray(b)) for a, b in pairs]
    p_values = [estimate.p_value for _, estimate, _, _ in tests]
    family = max(1, sum(not math.isnan(p) for p in p_values))
    corrected = zip(holm(p_values), holm_levels(p_values, LEVEL), strict=True)
    found = []
    for each, (runs, estimate, test, items), (p, level) in zip(
        called, tests, corrected, strict=True
    ):
        ahead = "better" if estimate.difference > 0 else "worse"
        quantile = float(special.stdtrit(items - 1, 1 - level / 2))
        least = detectable(quantile, items - 1) * estimate.standard_error
        verdict = ahead if p < LEVEL else "undecided"
        found.append(
            CheckpointComparison(each, items, runs, estimate, test, p, family, least, verdict)
        )
    return found


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p-value for two systems that alone solve so many items (McNemar, 1947)."""
    total, fewer = only_a + only_b, min(only_a, only_b)
    return 1.0 if total == 0 else min(1.0, 2 * float(special.bdtr(fewer, total, 0.5)))


def _by_mcnemar(estimate: Estimate, differences: NDArray[np.float64]) -> Estimate:
    """Take the exact test's p-value, and widen the interval to what that test does not reject.

    Of the items that only one of the two solves, A's share has Clopper and Pearson's interval.
    """
    only_a, only_b = int((differences > 0).sum()), int((differences < 0).sum())
    apart = only_a + only_b
    shares = clopper_pearson(only_a, apart, 1 - LEVEL)
    low, high = ((2 * share - 1) * apart / len(differences) for share in shares)
    p = mcnemar(only_a, only_b)
    return replace(estimate, low=min(low, estimate.low), high=max(high, estimate.high), p_value=p)


def _test(a: ScoreArray, b: ScoreArray) -> tuple[tuple[int, int], Estimate, str, int]:
    first, second = moments(a), moments(b)
    if first.puzzles != second.puzzles or first.puzzles < 2:
        raise ValueError(f"A has {first.puzzles} items and B {second.puzzles}: they need the same")
    if not (first.seeds and second.seeds):
        raise ValueError("a system has no finished run")
    runs, items = (first.seeds, second.seeds), first.puzzles
    differences = first.puzzle_means - second.puzzle_means
    mean = float(differences.mean())
    mean = 0.0 if abs(mean) < 1e-12 else mean
    error = float(differences.std(ddof=1)) / math.sqrt(items)
    if error < 1e-12:
        return runs, constant_estimate(mean, items, 1 - LEVEL), CONSTANT, items
    estimate = t_estimate(mean, error, items - 1, 1 - LEVEL)
    if runs == (1, 1) and set(np.unique(differences)) <= {-1.0, 0.0, 1.0}:
        return runs, _by_mcnemar(estimate, differences), MCNEMAR, items
    return runs, estimate, PAIRED_T, items
