"""Numbers become words here: a verdict on A against B, and the sentence that carries it."""

from __future__ import annotations

from dataclasses import dataclass

from .estimate import Estimate
from .power import MOST_SEEDS, PowerAnalysis, StudySize


@dataclass(frozen=True)
class Side:
    """One of the two cells."""

    seeds: int
    """Finished seeds."""
    failed: int
    """Seeds without scores."""
    puzzles: int
    mean: float
    """The mean over seeds and puzzles, in 0..1; NaN without a finished seed."""
    name: str = "A"


@dataclass(frozen=True)
class Evidence:
    """What a verdict on A against B rests upon, next to the estimate of their difference."""

    a: Side
    b: Side
    p_corrected: float
    """Holm's correction over all comparisons of the call."""
    p_equivalence: float
    """TOST, corrected in the same way; NaN without a margin."""
    margin: float | None
    """Differences smaller than this do not matter to the user."""
    confidence: float
    """Confidence of the estimate's interval; the number of comparisons does not widen it."""
    refusal: str | None
    """Why there is no verdict."""
    p_not_worse: float = float("nan")
    """For A worse than B by the tolerance or more, corrected; NaN without a tolerance."""
    tolerance: float | None = None
    """A may be worse than B by this, and still be good enough."""
    family: int = 1
    """Comparisons of the call that have a p-value."""
    level: float = 0.05
    """What a corrected p-value has to be below; smaller where a study is looked at repeatedly."""
    looks: tuple[int, ...] = ()
    """The numbers of seeds at which the study is looked at."""
    remarks: tuple[str, ...] = ()
    """What a reader of any verdict has to know of the seeds."""
    covers: str = "puzzles like these"
    """What the difference is about, in the words of the sentence."""

    @property
    def reach(self) -> float:
        """The largest |difference| that B's mean leaves room for."""
        return max(1 - self.b.mean, self.b.mean)


def decide(estimate: Estimate, evidence: Evidence, power: PowerAnalysis) -> tuple[str, str]:
    """Put the verdict into a word and an explanation.

    A difference shown to lie within the margin is "equivalent" even if it is not zero: the user
    said that it does not matter.
    """
    verdict, said = _verdict(estimate, evidence, power)
    return verdict, " ".join((said, *(f"{remark}." for remark in evidence.remarks)))


def _verdict(estimate: Estimate, evidence: Evidence, power: PowerAnalysis) -> tuple[str, str]:
    level, a, b = evidence.level, evidence.a.name, evidence.b.name
    if evidence.refusal:
        return "refused", f"No verdict: {evidence.refusal}."
    if evidence.margin is not None and evidence.p_equivalence < level:
        found = _one_sided(estimate, evidence, "TOST p", evidence.p_equivalence)
        text = f"{a} and {b} are equivalent within {_points(evidence.margin)}"
        return "equivalent", f"{text} ({found})."
    if evidence.p_corrected < level and estimate.difference > 0:
        return "better", f"{a} is better than {b} by {_size(estimate, evidence)}."
    if evidence.tolerance is not None and evidence.p_not_worse < level:
        found = _one_sided(estimate, evidence, "one-sided p", evidence.p_not_worse)
        text = f"{a} is not worse than {b} by more than {_points(evidence.tolerance)}"
        return "not worse", f"{text} ({found})."
    if evidence.p_corrected < level:
        return "worse", f"{a} is worse than {b} by {_size(estimate, evidence)}."
    outlook = _outlook(estimate.difference, evidence, power)
    return "undecided", f"Undecided: {_observed(estimate, evidence)}. {outlook}"


def _size(estimate: Estimate, evidence: Evidence) -> str:
    """The size of a decided difference, with its interval in the same direction."""
    low, high = sorted(abs(bound) for bound in (estimate.low, estimate.high))
    interval = f"{_interval(evidence.confidence)} {100 * low:.1f} to {100 * high:.1f}"
    return f"{_points(abs(estimate.difference))} ({interval}, {_rest(evidence)})"


def _observed(estimate: Estimate, evidence: Evidence) -> str:
    a, b, difference = evidence.a.name, evidence.b.name, estimate.difference
    if difference == 0:
        return f"{a} and {b} score the same ({_bounds(estimate, evidence)}, {_rest(evidence)})"
    word = "above" if difference > 0 else "below"
    found = f"({_bounds(estimate, evidence)}, {_rest(evidence)})"
    return f"{a} is {_points(abs(difference))} {word} {b} {found}"


def _bounds(estimate: Estimate, evidence: Evidence) -> str:
    """The interval of an undecided difference; its confidence is not the one of the verdict."""
    apart = estimate.low > 0 or estimate.high < 0
    bounds = f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"
    return f"{_interval(evidence.confidence)} {bounds}{' uncorrected' if apart else ''}"


def _one_sided(estimate: Estimate, evidence: Evidence, test: str, p: float) -> str:
    """What a one-sided verdict rests upon: the interval at twice the error."""
    low, high = estimate.low_one_sided, estimate.high_one_sided
    interval = f"{_interval(2 * evidence.confidence - 1)} {100 * low:+.1f} to {100 * high:+.1f}"
    names = f"{evidence.a.name} - {evidence.b.name}: {100 * estimate.difference:+.1f}"
    return f"{names}, {interval}, {evidence.covers}; {test} {_p(p)}{_family(evidence)}"


def _rest(evidence: Evidence) -> str:
    return f"{evidence.covers}; p {_p(evidence.p_corrected)}{_family(evidence)}"


def _family(evidence: Evidence) -> str:
    """What the p-value was corrected for."""
    text = f", Holm over {evidence.family}" if evidence.family > 1 else ""
    if evidence.looks:
        looks = ", ".join(map(str, evidence.looks))
        text += f", to be below {evidence.level:.4f} (looks at {looks} seeds)"
    return text


def _outlook(difference: float, evidence: Evidence, power: PowerAnalysis) -> str:
    """What these numbers of seeds and puzzles can find; it does not invite to add a few seeds."""
    a, b = evidence.a.seeds, evidence.b.seeds
    seeds = f"{a} seeds each" if a == b else f"{a} and {b} seeds"
    if power.critical > evidence.reach:
        found = f"With {seeds} on these puzzles no difference whatever could be shown."
    else:
        smallest = _points(power.minimum_detectable_difference)
        found = f"With {seeds} a true difference of {smallest} is found four times in five."
    if power.planned is not None:
        return f"{found} {planned_text(power.planned, seeds)}"
    if difference == 0:
        return found
    needed = power.seeds_needed
    number = f"not even {MOST_SEEDS:,}" if needed is None else f"{needed:,}"
    return f"{found} Were the observed one true, {number} seeds each would decide it as often."


def planned_text(size: StudySize, seeds: str) -> str:
    """Say how large a study that finds a named difference has to be.

    Args:
        size: the study.
        seeds: the present numbers of seeds, in words.
    """
    points = _points(size.difference)
    puzzles = None if size.puzzles is None else f"{_rounded(size.puzzles):,} puzzles like these"
    if size.seeds is not None:
        other = f" (or {puzzles} with {seeds})" if puzzles else ""
        return f"For {points} plan {size.seeds} seeds each{other}, and look once."
    if puzzles:
        return (
            f"More seeds alone will not find {points}: the models differ from puzzle to puzzle."
            f" {puzzles} with {seeds} would."
        )
    return f"Neither more seeds nor more puzzles alone will find {points}."


def _rounded(count: int) -> int:
    """Round up to two digits."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit


def _interval(confidence: float) -> str:
    return f"{100 * confidence:g} % CI"


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
