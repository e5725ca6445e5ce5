"""Does the mean of a model's runs exceed a target? The question that a record asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from .cells import CellMoments, ScoreArray, moments
from .collapse import outlying_seeds
from .intervals import clopper_pearson
from .multiplicity import holm
from .power import MOST_SEEDS, finds_one_sided, smallest

RECORD_SEEDS = 10
"""The least number of seeds: of 3 the test finds too little, and a tail shows in none of them."""
SHARE_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Claim:
    """What can be said of the mean over many runs, on this test set, against a target."""

    target: float
    seeds: int
    mean: float
    low: float
    """One-sided bound of the mean: it is at least this, with the confidence."""
    p_value: float
    """One-sided, for a mean of at most the target, Holm's correction over the call; NaN where no
    claim is possible."""
    reached: int
    """Runs that reached the target."""
    share: float
    """At least this share of runs reaches it, 95 % (Clopper and Pearson, 1934)."""
    seeds_needed: int | None
    """Seeds that show it with probability 0.8 if the observed mean is the true one."""
    verdict: str
    """"exceeds", "undecided" or "refused"."""
    explanation: str

    def __str__(self) -> str:
        return self.explanation


def exceeds(
    scores: ScoreArray | CellMoments, target: float, confidence: float = 0.99, name: str = "A"
) -> Claim:
    """Test whether the mean score over seeds exceeds a target on these puzzles, one-sided t.

    The number of seeds has to be fixed beforehand, at least 10, and all of them count: who adds
    seeds until the claim passes claims falsely in 5 % of cases instead of 1. With a seed that
    lies far from the others there is no claim; where one run in ten collapses, 5 seeds without
    one would have passed in 59 % of cases.

    Args:
        scores: (K, P), a row of NaN being a failed seed; or their moments.
        target: what the mean is to exceed, in 0..1.
        confidence: 1 minus the level of the test.
        name: the model's, for the sentence.

    Raises:
        ValueError: a target or confidence outside 0..1, or bad scores.
    """
    return exceeds_all([scores], target, confidence, [name])[0]


def exceeds_all(
    cells: Sequence[ScoreArray | CellMoments],
    target: float,
    confidence: float = 0.99,
    names: Sequence[str] | None = None,
    refusals: Sequence[str | None] | None = None,
) -> list[Claim]:
    """Do as `exceeds` with several cells as one family, with Holm's correction.

    Args:
        cells: the scores of each, or their moments.
        target: what each mean is to exceed.
        confidence: 1 minus the level of the family.
        names: the models' names.
        refusals: what else keeps a cell from a claim, in words.
    """
    if not (0 < target < 1 and 0 < confidence < 1):
        raise ValueError(f"target {target} and confidence {confidence} must be between 0 and 1")
    found = [moments(each) for each in cells]
    called = names or ["A"] * len(found)
    why = [
        _refusal(cell, name) or other
        for cell, name, other in zip(found, called, refusals or [None] * len(found), strict=True)
    ]
    raw = [
        math.nan if reason else p_at_most(cell, target)
        for cell, reason in zip(found, why, strict=True)
    ]
    family = sum(not math.isnan(p) for p in raw)
    return [
        _claim(cell, target, confidence, name, reason, p, family)
        for cell, name, reason, p in zip(found, called, why, holm(raw), strict=True)
    ]


def _refusal(cell: CellMoments, name: str) -> str | None:
    if cell.seeds < RECORD_SEEDS:
        return f"{cell.seeds} seeds: it takes {RECORD_SEEDS} or more, fixed beforehand"
    if cell.failed:
        return f"{cell.failed} of {cell.failed + cell.seeds} seeds did not finish"
    apart = outlying_seeds(cell)
    return apart.sentence(name) if apart else None


def p_at_most(cell: CellMoments, target: float) -> float:
    """Return the p-value of a mean over seeds of at most the target, one-sided.

    It is the one of Student's t. Where every seed answers every puzzle alike they say no more than
    one of them: it is then the exact binomial one over puzzles. 1 for fewer than two seeds, which
    say nothing of others.

    Args:
        cell: the scores' moments.
        target: what the mean of all seeds, also of those not run, is to exceed.
    """
    if cell.seeds < 2:
        return 1.0
    error = _error(cell)
    if error > 0:
        return float(special.stdtr(cell.seeds - 1, -(cell.mean - target) / error))
    count = cell.mean * cell.puzzles
    return float(special.betainc(count, cell.puzzles - count + 1, target)) if count > 0 else 1.0


def _error(cell: CellMoments) -> float:
    """Standard error of the mean over seeds; equal means are no certainty where answers differ."""
    variance = cell.seed_variance or cell.residual_variance / cell.puzzles
    return math.sqrt(variance / cell.seeds)


def _low(cell: CellMoments, confidence: float) -> float:
    """One-sided bound of the mean, as `p_at_most` tests it; NaN for fewer than two seeds."""
    if cell.seeds < 2:
        return math.nan
    error = _error(cell)
    if error > 0:
        return max(0.0, cell.mean - float(special.stdtrit(cell.seeds - 1, confidence)) * error)
    return clopper_pearson(cell.mean * cell.puzzles, cell.puzzles, 2 * confidence - 1)[0]


def _claim(
    cell: CellMoments,
    target: float,
    confidence: float,
    name: str,
    reason: str | None,
    p: float,
    family: int,
) -> Claim:
    reached = int((cell.seed_means >= target).sum())
    share, _ = clopper_pearson(reached, max(1, cell.seeds), 2 * SHARE_CONFIDENCE - 1)
    verdict = "refused" if reason else "exceeds" if p < 1 - confidence else "undecided"
    needed = _seeds_needed(cell, target, confidence) if verdict == "undecided" else None
    low = _low(cell, confidence)
    values = (target, cell.seeds, cell.mean, low, p, reached, share, needed, verdict)
    return Claim(*values, _explained(verdict, reason, name, values, confidence, family))


def _explained(
    verdict: str,
    reason: str | None,
    name: str,
    values: tuple[float, int, float, float, float, int, float, int | None, str],
    confidence: float,
    family: int,
) -> str:
    target, seeds, mean, low, p, reached, share, needed, _ = values
    goal = f"{100 * target:.4g} %"
    if reason:
        return f"No claim that {name} exceeds {goal}: {reason}."
    chance = "< 0.001" if p < 0.001 else f"= {p:.3f}"
    holm_over = f", Holm over {family}" if family > 1 else ""
    known = (
        f"mean {100 * mean:.1f} %, at least {100 * low:.1f} % with {100 * confidence:g} %"
        f" confidence, this test set; one-sided p {chance}{holm_over}"
    )
    runs = f"{reached} of {seeds} runs reach it: at least {100 * share:.0f} % of runs do."
    if verdict == "exceeds":
        return f"{name} exceeds {goal} ({known}). {runs}"
    more = ""
    if needed is not None:
        more = f" Were the observed mean true, {needed} seeds would show it four times in five."
    return f"Not shown that {name} exceeds {goal} ({known}). {runs}{more}"


def _seeds_needed(cell: CellMoments, target: float, confidence: float) -> int | None:
    difference, spread = cell.mean - target, _error(cell) * math.sqrt(cell.seeds)
    if not (difference > 0 and spread > 0):
        return None

    def finds(seeds: int) -> bool:
        shift = difference * math.sqrt(seeds) / spread
        return finds_one_sided(shift, seeds - 1, 1 - confidence)

    return smallest(finds, range(RECORD_SEEDS, MOST_SEEDS + 1))
