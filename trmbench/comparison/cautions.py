"""What makes two cells incomparable, and what a reader should keep in mind when they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.scores import figure_of, shared_ids
from trmbench.spec.trials import Row


def obstacles(a: CellSummary, b: CellSummary) -> list[str]:
    """List what keeps the difference of two cells from meaning what it seems to mean."""
    found = [f"{cell.name} has no finished trial" for cell in (a, b) if cell.puzzle_set is None]
    if a.puzzle_set is not None and b.puzzle_set is not None and a.puzzle_set is not b.puzzle_set:
        shared = len(shared_ids(a.puzzle_set, b.puzzle_set))
        found.append(
            f"their puzzles differ ({a.name}: {len(a.puzzle_set.ids):,},"
            f" {b.name}: {len(b.puzzle_set.ids):,}, shared: {shared:,})"
        )
    if a.metric != b.metric:
        scored = f"they are scored differently ({a.name}: {a.metric}, {b.name}: {b.metric})"
        same = figure_of(a.metric) == figure_of(b.metric)
        found.append(scored + f"; --metric {a.metric} scores both alike" * same)
    for what, of in (("vote budgets", _votes), ("supervision steps at test", _steps)):
        left, right = of(a), of(b)
        if left != right and left is not None and right is not None:
            found.append(f"their {what} differ ({a.name}: {left}, {b.name}: {right})")
    return found


def _votes(cell: CellSummary) -> int | None:
    votes: int | None = cell.rows[0]["votes"]
    return votes


def _steps(cell: CellSummary) -> int | None:
    """Count the supervision steps at test; None for a model that has none to vary."""
    asked: int | None = cell.config.get("evaluation", {}).get("steps")
    recorded: int | None = cell.by_step.shape[1] if len(cell.by_step) else None
    if asked is None and recorded == 1:
        return None  # a one-shot model: its single step is what it is, not a smaller budget
    return recorded or asked


def find_cautions(cells: Sequence[CellSummary]) -> list[str]:
    """Write a line for everything that differs between the cells of one task and preset."""
    lines = []
    values: dict[str, dict[str, list[str]]] = {}
    for cell in cells:
        for row in cell.trials:
            for what, value in _circumstances(row):
                names = values.setdefault(what, {}).setdefault(value, [])
                if cell.name not in names:
                    names.append(cell.name)
    for what, found in values.items():
        if len(found) > 1:
            described = "; ".join(f"{value} ({', '.join(names)})" for value, names in found.items())
            lines.append(f"different {what}: {described}")
    return lines


def _circumstances(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the circumstances of a trial as (name, value)."""
    provenance: Mapping[str, Any] = json.loads(row["provenance"] or "{}")
    if row["device"]:
        yield "hardware", row["device"]
    if row["device"] in (None, "cpu") and provenance.get("cpu"):
        yield "processors", provenance["cpu"]
    if provenance.get("python"):
        yield "Python versions", provenance["python"]
    for package, version in (provenance.get("packages") or {}).items():
        if version:
            yield f"versions of {package}", version
    git = provenance.get("git") or {}
    if git.get("commit"):
        state = " with uncommitted changes" if git.get("dirty") else ""
        yield "commits of trmbench", git["commit"][:10] + state
    for kind, name in (("model", row["model"]), ("task", row["task"])):
        plugin = provenance.get(kind) or {}
        if plugin.get("version"):
            yield (
                f"versions of the plugin for {kind} {name}",
                f"{plugin.get('distribution') or plugin.get('plugin')} {plugin['version']}",
            )
    data = provenance.get("data") or {}
    if data.get("fingerprint"):
        yield "data", str(data["fingerprint"])[:12]
