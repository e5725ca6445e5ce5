"""Predictions made before the numbers are there: "trm > hrm by 5 on maze"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trmbench.errors import TrmbenchError, shown

_GRAMMAR = re.compile(
    r"(?P<left>\S.*?) (?P<relation>[<>=]) (?P<right>\S.*?)"
    r"(?: (?P<word>by|within) (?P<points>\d+(?:\.\d+)?))?(?: on (?P<task>\S+))?"
)
_HINT = 'write "A > B", "A > B by 5" or "A = B within 2" (points), and "on TASK" for one task alone'
_LONGEST = 300


@dataclass(frozen=True)
class Expectation:
    """What somebody expects of the difference of two cells, A - B."""

    text: str
    """As written."""
    a: str
    """A cell: a model, a model with settings (`trm model.n=2`), or the name in a study."""
    b: str
    low: float
    """A share, in -1..1, above which the difference is expected."""
    high: float
    """A share below which the difference is expected; infinity without such a bound."""
    task: str | None
    """None for every task on which both are tested."""


def read_expectation(text: str) -> Expectation:
    """Read an expectation as people write it.

    Raises:
        TrmbenchError: it is none.
    """
    found = _GRAMMAR.fullmatch(" ".join(text.split())) if len(text) <= _LONGEST else None
    if found is None:
        raise TrmbenchError(f"{shown(text)} is no expectation", _HINT)
    equal = found["relation"] == "="
    share = float(found["points"] or 0) / 100
    a, b = found["left"], found["right"]
    unread = {"by", "within", "on"} & {*a.split(), *b.split()}
    if (
        a == b
        or unread
        or share > 1
        or equal != (found["word"] == "within")
        or (equal and not share)
    ):
        raise TrmbenchError(f"{shown(text)} is no expectation", _HINT)
    if found["relation"] == "<":
        a, b = b, a
    low, high = (-share, share) if equal else (share, math.inf)
    return Expectation(found[0], a, b, low, high, found["task"])


def is_meant(
    side: str, label: str | None, model: str, config: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Return True if a side of an expectation names a cell.

    Args:
        side: `a` or `b` of an expectation.
        label: what a study calls the cell.
        model: the cell's model.
        config: its resolved sections.
    """
    name, *settings = side.split(" ")
    return side == label or (name == model and all(_is_set(text, config) for text in settings))


def _is_set(text: str, config: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a cell has a setting, written `section.name=value`."""
    key, _, wanted = text.partition("=")
    section, _, name = key.partition(".")
    value = config.get(section, {}).get(name)
    return wanted in (str(value), json.dumps(value))
