"""What makes two cells incomparable, and what a reader should keep in mind when they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.matching import By, Match
from trmbench.comparison.measured import Value, differing, measured_on
from trmbench.comparison.pairing import shared_networks
from trmbench.comparison.scores import shared_ids
from trmbench.spec.metrics import figure_of
from trmbench.spec.trials import Row, data_of
from trmbench.stats import outlying_seeds

CONSEQUENCES = {"processors": "; a seed gives equal bits on the same kind of processor only"}
UNLIKE = 1.5
"""Trainings that differ by more than this factor in compute call for a caution."""


def obstacles(match: Match, by: By) -> list[str]:
    """List what keeps the difference of two cells from meaning what it seems to mean.

    Args:
        match: the two cells, at the depths at which they are compared.
        by: what was to be equal.
    """
    a, b = match.a.cell, match.b.cell
    found = [_without_scores(cell) for cell in (a, b) if cell.puzzle_set is None]
    if a.puzzle_set is not None and b.puzzle_set is not None and a.puzzle_set is not b.puzzle_set:
        shared = len(shared_ids(a.puzzle_set, b.puzzle_set))
        found.append(
            f"their puzzles differ ({a.name}: {len(a.puzzle_set.ids):,},"
            f" {b.name}: {len(b.puzzle_set.ids):,}, shared: {shared:,})"
        )
    if a.puzzle_set is b.puzzle_set and (trained := _other_training(a, b)):
        found.append(trained)
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


def _without_scores(cell: CellSummary) -> str:
    if cell.unread:
        return f"no trial of {cell.name} has the scores that are asked for"
    return f"{cell.name} has no finished trial"


def _other_training(a: CellSummary, b: CellSummary) -> str | None:
    """In what the data differ that two cells were trained on, if they were trained."""
    first, second = (cell.trials[0] if cell.trials else None for cell in (a, b))
    if first is None or second is None or not (first["train_steps"] and second["train_steps"]):
        return None
    counts = [row["train_puzzles"] for row in (first, second)]
    if None not in counts and counts[0] != counts[1]:
        return f"their training puzzles differ ({a.name}: {counts[0]:,}, {b.name}: {counts[1]:,})"
    data = [data_of(row) for row in (first, second)]
    if None in data or data[0] == data[1]:
        return None
    settings = [cell.config.get("task", {}) for cell in (a, b)]
    each = [
        f"task.{key} {settings[0].get(key)} and {settings[1].get(key)}"
        for key in dict.fromkeys((*settings[0], *settings[1]))
        if settings[0].get(key) != settings[1].get(key)
    ]
    why = "; ".join(each) or "files, or a generator, that changed between them"
    number = "" if counts[0] is None else f", {counts[0]:,} puzzles each"
    return f"{a.name} and {b.name} were trained on different data{number} ({why})"


def _tuned(cells: Sequence[CellSummary]) -> list[str]:
    """Say how many settings were tried before those of each cell were chosen, where one tells."""
    tried = {cell: cell.config.get("execution", {}).get("settings_tried") for cell in cells}
    if not any(tried.values()):
        return []
    each = "; ".join(f"{count or 'not told'} ({cell.name})" for cell, count in tried.items())
    return [f"settings tried on held-out puzzles before these were chosen: {each}"]


def _compute(cells: Sequence[CellSummary]) -> list[str]:
    """Say where the trainings of cells took unlike amounts of compute."""
    for column, unit in (("train_flops", "FLOPs"), ("train_seconds", "seconds")):
        taken = {cell: cell.mean(column) for cell in cells if cell.trials}
        known = [value for value in taken.values() if value > 0]
        if len(known) < len(taken):
            continue  # of old rows only the time is known
        if not known or max(known) <= UNLIKE * min(known):
            return []
        names: dict[str, list[str]] = {}
        for cell, value in taken.items():
            names.setdefault(f"{value:.3g}", []).append(cell.name)
        each = "; ".join(f"{value} ({', '.join(those)})" for value, those in names.items())
        return [f"different training compute: {each} {unit}"]
    return []


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
    lines = [*optimism(cells), *collapses(cells), *lines, *_compute(cells), *_tuned(cells)]
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
            lines.append(f"different {what}: {described}{CONSEQUENCES.get(what, '')}")
    return lines


def optimism(cells: Sequence[CellSummary]) -> list[str]:
    """Say what selecting weights by held-out puzzles promised there, and what it gave here."""
    lines = []
    last = {cell.cell_id: cell for cell in cells if cell.is_last and cell.trials}
    for cell in cells:
        if cell.cell_id not in last or cell.is_last or not cell.trials:
            continue
        there, here = cell.mean("validation_accuracy"), cell.interval.mean
        gain = here - last[cell.cell_id].interval.mean
        lines.append(
            f"{cell.name} selected its weights by held-out puzzles: {100 * there:.1f} % there,"
            f" {100 * here:.1f} % here (optimism {100 * (there - here):+.1f} points), which is"
            f" {100 * gain:+.1f} points against its last weights"
        )
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
