"""What makes two cells incomparable, and what a reader should keep in mind when they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.matching import By, Match
from trmbench.comparison.measured import Value, differing, measured_on
from trmbench.comparison.pairing import shared_networks
from trmbench.comparison.scores import figure_of, shared_ids
from trmbench.spec.trials import Row
from trmbench.stats import outlying_seeds


def obstacles(match: Match, by: By) -> list[str]:
    """List what keeps the difference of two cells from meaning what it seems to mean.

    Args:
        match: the two cells, at the depths at which they are compared.
        by: what was to be equal.
    """
    a, b = match.a.cell, match.b.cell
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
    for cell in (a, b):
        if networks := shared_networks(cell):
            which = "one trained network" if len(networks) == 1 else "the same trained networks"
            named = f"{which} (trial {', '.join(networks)}), no trainings"
            found.append(f"the {len(cell.trials)} seeds of {cell.name} are draws of {named}")
    votes = [cell.rows[0]["votes"] for cell in (a, b)]
    if by == "depth" and a.cell_id != b.cell_id and None not in votes and votes[0] != votes[1]:
        found.append(_differ("vote budgets", match, votes) + "; --match flops counts them as cost")
    if match.obstacle:
        found.append(match.obstacle)
    return found


def _differ(what: str, match: Match, values: Sequence[object]) -> str:
    names = (match.a.cell.name, match.b.cell.name)
    each = (f"{name}: {value}" for name, value in zip(names, values, strict=True))
    return f"their {what} differ ({', '.join(each)})"


def find_cautions(cells: Sequence[CellSummary]) -> list[str]:
    """Write a line for everything that differs between the cells of one task and preset."""
    told = [measured_on(cell) for cell in cells]
    lines = [
        f"different {quantity.name}: {_by_value(quantity.name, cells, told)}"
        for quantity in differing(told)
        if not quantity.is_fair
    ]
    lines = collapses(cells) + lines
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


def collapses(cells: Sequence[CellSummary]) -> list[str]:
    """Name the seeds that lie far from the others of their cell, with the share of such runs."""
    lines = []
    for cell in cells:
        found = outlying_seeds(cell.moments)
        if found is None:
            continue
        rows = [cell.trials[place] for place in found.places]
        each = ", ".join(f"seed {row['seed']}" for row in rows)
        means = ", ".join(f"{100 * cell.moments.seed_means[place]:.1f} %" for place in found.places)
        low, high = (100 * bound for bound in found.share)
        lines.append(
            f"{found.subject(cell.name, f' ({each}: {means})')}; the median is"
            f" {100 * cell.interval.median:.1f} %. {len(rows)} of {found.seeds} runs are such:"
            f" {low:.0f} to {high:.0f} % of all may be"
        )
    return lines


def _by_value(name: str, cells: Sequence[CellSummary], told: Sequence[Mapping[str, Value]]) -> str:
    """Each value of a quantity, with the cells that have it."""
    names: dict[Value, list[str]] = {}
    for cell, values in zip(cells, told, strict=True):
        if values[name] is not None:
            names.setdefault(values[name], []).append(cell.name)
    return "; ".join(
        f"{value if isinstance(value, str) else f'{value:,.0f}'} ({', '.join(those)})"
        for value, those in names.items()
    )


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
