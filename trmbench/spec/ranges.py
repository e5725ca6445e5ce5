"""The numbers that a setting may have, declared next to its default; standard library only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from trmbench.errors import TrmbenchError, shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


@dataclass(frozen=True)
class Range:
    """Bounds of a number, as far as there are any."""

    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    """A bound that the number must exceed."""
    below: float | None = None
    """A bound that the number must not reach."""

    def __contains__(self, value: float) -> bool:
        return (  # written so that NaN is out of every range
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:,} to {self.at_most:,}"
        words = {
            "{:,} or more": self.at_least,
            "more than {:,}": self.above,
            "at most {:,}": self.at_most,
            "less than {:,}": self.below,
        }
        return ", ".join(text.format(bound) for text, bound in words.items() if bound is not None)


def setting(
    default: T,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    metadata: Mapping[str, object] | None = None,
) -> T:
    """Make a field of an options dataclass whose numbers are limited; None is always allowed.

    `width: int = setting(512, at_least=1)`: the harness refuses other values before anything runs,
    and `--dry-run` shows what is allowed. `metadata` is as in `dataclasses.field`.
    """
    allowed = Range(at_least, at_most, above, below)
    return dataclasses.field(default=default, metadata={**(metadata or {}), "range": allowed})


def range_of(field: dataclasses.Field[object]) -> Range | None:
    """The range that a field declares, if any."""
    declared = field.metadata.get("range")
    return declared if isinstance(declared, Range) else None


def check_ranges(section: str, options: DataclassInstance) -> None:
    """Compare the fields of a section's dataclass with their ranges.

    Raises:
        TrmbenchError: a number is out of its range.
    """
    for field in dataclasses.fields(options):
        check_range(f"{section}.{field.name}", getattr(options, field.name), range_of(field))


def check_range(dotted: str, value: object, allowed: Range | None) -> None:
    """Compare a setting with its range.

    Raises:
        TrmbenchError: it is a number out of it.
    """
    if allowed is not None and isinstance(value, int | float) and value not in allowed:
        raise TrmbenchError(f"{dotted}={shown(value)} is not possible", f"use {allowed}")
