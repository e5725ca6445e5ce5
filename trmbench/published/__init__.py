"""The papers' own figures, with their sources.

Each figure is one number as printed: no seeds, no spread. They are shown beside results, never
tested against them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Figure:
    """One published accuracy."""

    task: str
    """Name of the task as in `trmbench list tasks`."""
    benchmark: str
    """The test set."""
    model: str
    percent: float
    parameters: str
    """As printed, such as 7M; empty where the source does not say."""
    source: str
    """Paper and table."""


def published_figures() -> list[Figure]:
    """All figures, in the order of the file."""
    text = files(__name__).joinpath("figures.csv").read_text(encoding="utf-8")
    return [
        Figure(**{**row, "percent": float(row["percent"])})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    ]
