"""The names of what `compare --metric` compares."""

from __future__ import annotations

import re

PRIMARY = "score"
STORED = {
    PRIMARY: "score",
    "exact_accuracy": "exact",
    "valid_accuracy": "valid",
    "cell_accuracy": "cell_accuracy",
}
"""Metrics that are columns of the puzzles table, and which."""
VALID = "valid_accuracy"
ABSTAINED = "abstained"
OF_CANDIDATES = ("pass", "selected", "mode", "coverage")
"""Figures of several answers to a puzzle, `pass@8` of eight of them, `pass@K` of all there are."""
RULES = ("fractional", "all", "output")
"""How the puzzles of a group count: by their mean, only if each has 1, or each for itself. A metric
such as "all_vote@2" names its rule; every other metric has the first rule."""
_CANDIDATES = re.compile(rf"({'|'.join(OF_CANDIDATES)})@(K|[1-9]\d{{0,5}})")
_NAME = re.compile(r"\w[\w.-]*(@\d+)?")


def rule_of(metric: str) -> str:
    """The rule that a metric names."""
    rule = metric.partition("_")[0]
    return rule if rule in RULES else RULES[0]


def figure_of(metric: str) -> str:
    """A metric without its rule."""
    return metric.removeprefix(f"{rule_of(metric)}_")


def of_candidates(metric: str) -> tuple[str, int | None] | None:
    """The figure and K of a metric such as `pass@8`, K = None for all; None if it is none."""
    found = _CANDIDATES.fullmatch(figure_of(metric))
    return (found[1], None if found[2] == "K" else int(found[2])) if found else None


def is_free(name: str) -> bool:
    """Whether a task may call a score of its own so: no other metric has that name."""
    taken = name in STORED or name == ABSTAINED or of_candidates(name) is not None
    return bool(_NAME.fullmatch(name)) and not taken and figure_of(name) == name
