"""The puzzles that a trial did not solve, the nearly solved ones first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc
from rich.console import RenderableType
from rich.text import Text

from trmbench.report.tables import TextTable
from trmbench.report.terminal import rich_table
from trmbench.report.words import UNKNOWN, percent
from trmbench.spec import row_name
from trmbench.store import Store

SHOWN = 20


def unsolved_view(store: Store, rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Yield a table per evaluation of a trial, at most `SHOWN` puzzles each; or why it failed."""
    columns = [
        *("puzzle_id", "exact", "valid", "cell_accuracy", "halt_probability", "exact_by_step"),
        "abstained",
    ]
    for row in rows:
        if row["error"]:
            yield Text(f"{row['trial_id']} {row['status']}: {row['error']}", "red")
        table = store.read("puzzles", columns, [row_name(row)])
        solved = pc.or_(table["exact"], pc.fill_null(table["valid"], False))
        unsolved = table.filter(pc.invert(solved))
        nearest = unsolved.take(
            pc.select_k_unstable(unsolved, SHOWN, [("cell_accuracy", "descending")])
        )
        lines = tuple(_line(puzzle) for puzzle in nearest.to_pylist())
        title = (
            f"{len(unsolved):,} of {len(table):,} puzzles not solved, evaluation"
            f" {row['evaluation_id']}{_which(len(lines), len(unsolved))}"
        )
        headings = ("puzzle", "right cells", "confidence", "right after step")
        yield rich_table(TextTable(title, headings, lines, 1))


def _which(shown: int, every: int) -> str:
    return f"; the {shown} with the most right cells" if shown < every else ""


def _line(puzzle: Mapping[str, Any]) -> tuple[str, ...]:
    right = [i for i, exact in enumerate(puzzle["exact_by_step"] or (), 1) if exact]
    sure = puzzle["halt_probability"]
    confidence = "no answer" if puzzle["abstained"] else UNKNOWN if sure is None else percent(sure)
    return (
        puzzle["puzzle_id"],
        percent(puzzle["cell_accuracy"]),
        confidence,
        ", ".join(map(str, right)) or UNKNOWN,
    )
