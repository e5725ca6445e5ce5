"""Published figures next to cells: in what each was measured otherwise than ours."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trmbench.comparison.cells import CellSummary
from trmbench.published import Figure, published_figures

BENCHMARKS = {
    "sudoku": "Sudoku-Extreme",
    "maze": "Maze-Hard",
    "arc1": "ARC-AGI-1",
    "arc2": "ARC-AGI-2",
    "arc-mini": "Mini-ARC",
}
"""The benchmark that a task's own data are, unless they are generated or the user's."""
WHOLE = ("ARC-AGI-1", "ARC-AGI-2")
"""Benchmarks that are their test set, and no sample of further puzzles."""
GENERATED = "generated puzzles"
YOUR_FOLDER = "your folder"
LANGUAGE_MODEL = "language model"


class Circumstances(NamedTuple):
    """The circumstances of a measurement, as texts; an empty one is not known."""

    test_set: str
    trained_on: str
    tested_on: str
    depth: str
    candidates: str
    attempts: str


@dataclass(frozen=True)
class Reported:
    """A published figure as it stands next to the nearest of our cells of its task."""

    figure: Figure
    differs: tuple[str, ...]
    """The names of the circumstances that differ; empty where none is known to."""
    unknown: tuple[str, ...]
    """The names of the circumstances that are not known, or cannot be compared."""
    why: tuple[str, ...]
    """Every difference in words, theirs and ours."""


def reported_figures(cells: Sequence[CellSummary]) -> tuple[Reported, ...]:
    """Compare every published figure with the nearest cell of its task."""
    found = []
    for figure in published_figures():
        own = [_next_to(figure, cell) for cell in cells if cell.task == figure.task]
        if own:
            found.append(min(own, key=lambda reported: len(reported.differs)))
    return tuple(found)


def differences_from(figure: Figure, cell: CellSummary) -> tuple[str, ...]:
    """Name the circumstances in which a figure is known to be measured otherwise than a cell."""
    return _next_to(figure, cell).differs


def _next_to(figure: Figure, cell: CellSummary) -> Reported:
    if figure.measured_on == LANGUAGE_MODEL:
        return Reported(figure, (LANGUAGE_MODEL,), (), (f"a {LANGUAGE_MODEL}",))
    differs, unknown, why = [], [], []
    pairs = zip(_of_figure(figure), circumstances(cell), strict=True)
    for field, (theirs, ours) in zip(Circumstances._fields, pairs, strict=True):
        name = field.replace("_", " ")
        same = _same(theirs, ours)
        if same is None:
            unknown.append(name)
        elif not same:
            differs.append(name)
            why.append(f"{name} {theirs} (ours {ours})")
    return Reported(figure, tuple(differs), tuple(unknown), tuple(why))


def _of_figure(figure: Figure) -> Circumstances:
    return Circumstances(
        figure.benchmark.partition(" (")[0],
        figure.train_puzzles,
        figure.test_puzzles,
        str(figure.depth or ""),
        figure.candidates,
        figure.attempts,
    )


def circumstances(cell: CellSummary) -> Circumstances:
    """Collect the circumstances in which a cell of ours was measured."""
    return Circumstances(
        _test_set(cell),
        _trained_on(cell),
        str(cell.puzzles or ""),
        str(_depth(cell) or ""),
        str(cell.config.get("model", {}).get("rollouts") or cell.rows[0]["votes"] or 1),
        cell.metric.rpartition("@")[2] if "@" in cell.metric else "1",
    )


def _test_set(cell: CellSummary) -> str:
    options = cell.config.get("task", {})
    if "source" in options and options.get("path"):
        return YOUR_FOLDER
    if options.get("source") == "generated":
        return GENERATED
    return BENCHMARKS.get(cell.task, cell.task)


def is_whole_benchmark(cell: CellSummary) -> bool:
    """Whether a cell was tested on all of a benchmark that has no further puzzles: ARC's tasks."""
    options, evaluation = cell.config.get("task", {}), cell.config.get("evaluation", {})
    chosen = ("path", "test_tasks", "skip_large")
    return (
        _test_set(cell) in WHOLE
        and cell.split == "test"
        and not any(options.get(key) for key in chosen)
        and evaluation.get("limit") is None
    )


def _trained_on(cell: CellSummary) -> str:
    puzzles = cell.mean("train_puzzles")
    if math.isnan(puzzles):
        return ""
    options = cell.config.get("task", {})
    every = options.get("source") == "hub" and options.get("train_puzzles") is None
    if every and not options.get("path") and cell.task == "sudoku":
        return "full"  # of Maze-Hard all 1,000 are what everybody trains on
    unit = "" if "source" in options else " pairs"
    return f"{puzzles:.0f}{unit}"


def _depth(cell: CellSummary) -> int | None:
    """Find the supervision steps at test."""
    if len(cell.by_step):
        return int(cell.by_step.shape[1])
    steps: int | None = cell.config.get("evaluation", {}).get("steps")
    return steps or cell.config.get("model", {}).get("supervision_steps")


def _same(theirs: str, ours: str) -> bool | None:
    """Tell whether two circumstances are alike; None where it is not known."""
    if not theirs or not ours or ours == YOUR_FOLDER:
        return None
    if theirs.endswith(" tasks") and ours.endswith(" pairs"):
        return None
    numbers = [re.match(r"\d+", text) for text in (theirs, ours)]
    if not all(numbers):
        return theirs == ours
    left, right = (int(number[0]) for number in numbers if number)
    with_the_original = theirs.endswith(" votes") and right == left + 1
    return left == right or with_the_original
