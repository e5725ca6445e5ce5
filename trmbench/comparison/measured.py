"""What a cell was measured on, and at what cost: in how much of that do cells differ?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.points import tested_depth

SECONDS_PER_HOUR = 3600
Value = float | str | None
"""None where it is not known."""


class Quantity(NamedTuple):
    """Something that numbers in one table may differ in."""

    name: str
    is_fair: bool = False
    """Whether models differ in it by what they are, so that it calls for no caution."""
    form: str = "count"
    """"count", "flops", "seconds", "dollars", "share", "bytes" or "text"."""


QUANTITIES = (
    Quantity("training puzzles"),
    Quantity("training presentations"),
    Quantity("training FLOPs", is_fair=True, form="flops"),
    Quantity("training J", is_fair=True, form="flops"),
    Quantity("test puzzles"),
    Quantity("test set", form="text"),
    Quantity("with one right answer", is_fair=True, form="share"),
    Quantity("supervision steps"),
    Quantity("candidates"),
    Quantity("votes"),
    Quantity("attempts"),
    Quantity("seeds", is_fair=True),
    Quantity("weights", is_fair=True),
    Quantity("weights with task memory", is_fair=True),
    Quantity("kept for gradients", is_fair=True, form="bytes"),
    Quantity("FLOPs per answer", is_fair=True, form="flops"),
    Quantity("seconds per answer", is_fair=True, form="seconds"),
    Quantity("dollars", is_fair=True, form="dollars"),
)


def measured_on(cell: CellSummary, dollars_per_hour: float | None = None) -> dict[str, Value]:
    """Tell what a cell was measured on, by the names of `QUANTITIES`.

    Args:
        cell: the cell.
        dollars_per_hour: the price of the machine; one trial's training and test are then priced.
    """
    row = cell.trials[0] if cell.trials else None
    if row is None:
        return dict.fromkeys(quantity.name for quantity in QUANTITIES)
    batch_size = cell.config.get("train", {}).get("batch_size")
    presentations = row["train_presentations"] or _times(row["train_steps"], batch_size)
    hours = (cell.mean("train_seconds") + cell.mean("test_seconds")) / SECONDS_PER_HOUR
    memory = row["puzzle_embedding_parameters"]
    values: dict[str, Value] = {
        "training puzzles": row["train_puzzles"],
        "training presentations": presentations,
        "training FLOPs": cell.mean("train_flops"),
        "training J": cell.mean("train_joules"),
        "test puzzles": row["test_puzzles"],
        "test set": row["test_ids"],
        "with one right answer": row["unique_share"],
        "supervision steps": tested_depth(row),
        "candidates": row["candidates"],
        "votes": row["votes"],
        "attempts": row["attempts"],
        "seeds": len(cell.trials),
        "weights": row["parameters"],
        "weights with task memory": _sum(row["parameters"], memory) if memory else None,
        "kept for gradients": cell.mean("activation_bytes"),
        "FLOPs per answer": cell.mean("flops_per_answer"),
        "seconds per answer": _seconds_per_answer(cell),
        "dollars": None if dollars_per_hour is None else dollars_per_hour * hours,
    }
    return {name: _known(value) for name, value in values.items()}


def differing(cells: Sequence[Mapping[str, Value]]) -> list[Quantity]:
    """List the quantities of `measured_on` in which two cells differ, as far as they are known."""
    return [
        quantity
        for quantity in QUANTITIES
        if len({cell[quantity.name] for cell in cells if cell[quantity.name] is not None}) > 1
    ]


def _seconds_per_answer(cell: CellSummary) -> float:
    """Share the test's time among its puzzles; NaN where it went on to more supervision steps."""
    for row in cell.trials:
        if any(point["depth"] > (tested_depth(row) or 0) for point in row["by_depth"] or ()):
            return math.nan
    return cell.mean("test_seconds") / (cell.trials[0]["test_puzzles"] or math.nan)


def _known(value: Value) -> Value:
    return None if isinstance(value, float) and math.isnan(value) else value


def _times(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b


def _sum(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b
