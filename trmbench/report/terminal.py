"""Tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from trmbench.report.summary import CellSummary
from trmbench.stats import Interval


def cells_table(cells: Sequence[CellSummary]) -> Table:
    """One line per cell: what was reached, how sure that is, and what it cost."""
    table = Table(title="Accuracy with 95 % interval over seeds", title_justify="left")
    for heading in ("task", "model", "preset"):
        table.add_column(heading, overflow="fold")
    for heading in ("seeds", "mean", "95 % interval", "min..max", "train", "parameters", "memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cell in cells:
        table.add_row(
            cell.task,
            Text(cell.name),
            cell.preset,
            _seeds(cell),
            percent(cell.interval.mean),
            interval_text(cell.interval),
            f"{_number(cell.interval.minimum)}..{_number(cell.interval.maximum)}",
            duration(cell.mean("train_seconds")),
            count(cell.mean("parameters")),
            memory(cell.mean("peak_memory_bytes")),
        )
    return table


def footnote(cells: Sequence[CellSummary]) -> str:
    """What the intervals of the table mean."""
    puzzles = ", ".join(sorted({f"{len(cell.puzzle_ids):,}" for cell in cells}))
    lines = [f"Mean over seeds on {puzzles} test puzzles; the interval covers this test set."]
    if any(cell.interval.seeds == 1 for cell in cells):
        lines.append("* one seed: the interval is about this checkpoint only, not the model.")
    return "\n".join(lines)


def failures_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Which trials did not finish, and why."""
    table = Table(title="Not finished", title_justify="left")
    for heading in ("trial", "model", "task", "seed", "status", "why"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        names = (row["trial_id"], row["model"], row["task"], str(row["seed"]), row["status"])
        table.add_row(*names, Text(row["error"] or ""))
    return table


def _seeds(cell: CellSummary) -> str:
    return (
        f"{len(cell.trials)} of {len(cell.trials) + len(cell.failed)}"
        if cell.failed
        else str(len(cell.trials))
    )


def interval_text(interval: Interval) -> str:
    """An interval in percent; one seed says that it is about this checkpoint alone."""
    if math.isnan(interval.low):
        return "-"
    note = " *" if interval.seeds == 1 else ""
    return f"{_number(interval.low)} to {_number(interval.high)}{note}"


def _number(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


def percent(share: float) -> str:
    """A share in percent."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if math.isnan(seconds):
        return "-"
    if seconds < 100:
        return f"{seconds:.3g} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def count(number: float) -> str:
    """A whole number with separators."""
    return "-" if math.isnan(number) else f"{number:,.0f}"


def memory(size: float) -> str:
    """Bytes as MB or GB."""
    if math.isnan(size):
        return "-"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
