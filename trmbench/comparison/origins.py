"""Whose rows are whose, where several results folders are compared."""

from __future__ import annotations

from collections.abc import Sequence

from trmbench.comparison.cells import CellSummary
from trmbench.store.several import ORIGIN


def origins(cell: CellSummary) -> dict[str, list[int]]:
    """Return the seeds of a cell by the place that they are from; empty where there is one."""
    found: dict[str, list[int]] = {}
    for row in cell.rows:
        if ORIGIN in row:
            found.setdefault(row[ORIGIN], []).append(row["seed"])
    return {origin: sorted(seeds) for origin, seeds in found.items()}


def origin_lines(cells: Sequence[CellSummary]) -> list[str]:
    """Write a line for each cell whose seeds are from several places."""
    return [
        f"{cell.tested_on}, {cell.name}: "
        + "; ".join(f"seeds {', '.join(map(str, seeds))} from {o}" for o, seeds in found.items())
        for cell in cells
        if len(found := origins(cell)) > 1
    ]
