"""Numbers as people read them: the one place where they are rounded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from trmbench.stats import Interval, VarianceShares

UNKNOWN = "-"


def metric_names(metrics: Iterable[str]) -> str:
    """Names of metrics for people; "vote@2" says that it has two attempts."""
    return ", ".join(sorted({_metric_name(metric) for metric in metrics}))


def as_title(text: str) -> str:
    """Begin a text with a capital; the others stay as they are, as in "coverage@K"."""
    return text[:1].upper() + text[1:]


def _metric_name(metric: str) -> str:
    attempts = re.search(r"vote@(\d+)$", metric)
    several = f" ({attempts[1]} attempts)" if attempts and attempts[1] != "1" else ""
    oracle = " (oracle)" if "pass@" in metric else ""
    return metric.replace("_", " ") + several + oracle


def number(share: float) -> str:
    """Write a share in percent, without the sign."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.1f}"


def percent(share: float) -> str:
    """Write a share in percent."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """Write a difference of shares in points, with its sign."""
    return UNKNOWN if math.isnan(difference) else f"{100 * difference:+.1f}"


def p_value(p: float) -> str:
    """Write a p-value."""
    if math.isnan(p):
        return UNKNOWN
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval_text(interval: Interval) -> str:
    """Write an interval in percent; a star marks the interval of one checkpoint alone."""
    if math.isnan(interval.low):
        return UNKNOWN
    note = " *" if interval.seeds == 1 else ""
    return f"{number(interval.low)} to {number(interval.high)}{note}"


def range_text(interval: Interval) -> str:
    """Write the worst and the best seed in percent."""
    if math.isnan(interval.minimum):
        return UNKNOWN
    return f"{number(interval.minimum)}..{number(interval.maximum)}"


def bounds(low: float, high: float) -> str:
    """Write the bounds of a difference in points."""
    return UNKNOWN if math.isnan(low) else f"{points(low)} to {points(high)}"


def shares_text(shares: VarianceShares) -> str:
    """Write the shares of the uncertainty: seeds, puzzles, residual."""
    if math.isnan(shares.seeds):
        return UNKNOWN
    parts = (shares.seeds, shares.puzzles, shares.residual)
    return " / ".join(f"{100 * part:.0f}" for part in parts) + " %"


def duration(seconds: float) -> str:
    """Write seconds as people say them."""
    if math.isnan(seconds):
        return UNKNOWN
    if seconds < 100:
        return f"{seconds:.3g} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 100 else f"{hours / 24:,.0f} days"


def about(seconds: float) -> str:
    """Write how long something will take, no more exactly than anybody can know."""
    if seconds < 100:
        return f"about {max(1, round(seconds))} s"
    if seconds < 6000:
        return f"about {seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"about {hours:.0f} h" if hours < 100 else f"about {hours / 24:.0f} days"


def counted(number: int, noun: str) -> str:
    """Write a number and its noun, in the plural unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """Join names as people do."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def count(value: float) -> str:
    """Write a whole number with separators."""
    return UNKNOWN if math.isnan(value) else f"{value:z,.0f}"  # z: no -0


def memory(size: float) -> str:
    """Write bytes as MB or GB."""
    if math.isnan(size):
        return UNKNOWN
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def scientific(value: float | None) -> str:
    """Write a number of many digits by its power of ten."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:.2e}"


def decimals(value: float | None) -> str:
    """Write a number in 0..1 that is no share."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:.3f}"


def energy(joules: float | None) -> str:
    """Write joules, from 3.6 million on as kWh."""
    if joules is None or math.isnan(joules):
        return UNKNOWN
    return f"{joules:,.0f} J" if joules < 3.6e6 else f"{joules / 3.6e6:.2f} kWh"
