"""The tables of a comparison as headings and texts: the same in every format."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Difference
from trmbench.comparison.expectations import Outcome
from trmbench.comparison.naming import described, shared_overrides
from trmbench.comparison.origins import origins
from trmbench.comparison.scores import PuzzleSet
from trmbench.report.words import (
    UNKNOWN,
    as_title,
    bounds,
    count,
    duration,
    interval_text,
    memory,
    metric_names,
    number,
    p_value,
    percent,
    points,
    range_text,
    shares_text,
)
from trmbench.spec.trials import Row
from trmbench.stats import Comparison, unseen_failures

if TYPE_CHECKING:  # it loads scipy.stats, which takes a second
    from trmbench.stats import Aggregate


@dataclass(frozen=True)
class TextTable:
    """A table ready to be set; every text is still unescaped."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int
    """The first so many columns hold names and stand left; the others hold numbers."""
    dim: Collection[int] = ()
    """Numbers of the rows that are greyed."""
    cells: tuple[tuple[str, ...], ...] = ()
    """The names of the cells that each row is about; empty where rows are about none."""
    links: tuple[tuple[str, ...], ...] = ()
    """The page of a site that each text leads to, "" for none."""

    @property
    def key(self) -> int:
        """The column that stays in sight where a page is too narrow for all of them."""
        return self.headings.index("model") if "model" in self.headings[: self.left] else 0


def cells(found: Sequence[CellSummary]) -> TextTable:
    """Make one line per cell: its mean, the interval, and its cost.

    Where cells have different metrics, a column says which each has; and one the places that they
    are from, unless their names do.
    """
    mixed = len({cell.metric for cell in found}) > 1
    several = any(f"from={place}" not in cell.name for cell in found for place in origins(cell))
    others = _other_figures(found)
    rows = tuple(
        (
            cell.tested_on,
            cell.name,
            cell.preset,
            *([metric_names([cell.metric])] if mixed else []),
            *([", ".join(origins(cell))] if several else []),
            seeds_text(cell),
            percent(cell.interval.mean),
            interval_text(cell.interval),
            range_text(cell.interval),
            *(percent(cell.mean(column)) for column in others),
            duration(cell.mean("train_seconds")),
            count(cell.mean("parameters")),
            memory(cell.mean("peak_memory_bytes")),
        )
        for cell in found
    )
    further = [*(["metric"] if mixed else []), *(["from"] if several else [])]
    names = ("task", "model", "preset", *further)
    also = (column.partition("_")[0] for column in others)
    figures = ("seeds", "mean", "95 % interval", "min..max", *also)
    numbers = (*figures, "train", "parameters", "memory")
    metrics = as_title(metric_names(cell.metric for cell in found))
    title = f"{metrics} with 95 % interval over seeds"
    about = tuple((cell.name,) for cell in found)
    return TextTable(title, (*names, *numbers), rows, len(names), cells=about)


def _other_figures(found: Sequence[CellSummary]) -> list[str]:
    """List exact or valid accuracy next to the score, where a puzzle has several right answers."""
    columns = ("exact_accuracy", "valid_accuracy")
    differ = any(abs(cell.mean(columns[0]) - cell.mean(columns[1])) > 1e-12 for cell in found)
    metrics = {cell.metric for cell in found}
    return [column for column in columns if differ and metrics != {column}]


def differences(found: Sequence[Difference]) -> TextTable:
    """Make one line per difference, in points."""
    rows = []
    for difference in found:
        c = difference.comparison
        forced = " (forced)" if difference.forced else ""
        matched = " (matched)" if c and difference.match.is_moved else ""
        rows.append(
            (
                difference.a.tested_on,
                difference.a.name,
                difference.b.name,
                points(c.estimate.difference) if c else UNKNOWN,
                bounds(c.estimate.low, c.estimate.high) if c else UNKNOWN,
                p_value(c.evidence.p_corrected) if c else UNKNOWN,
                difference.verdict + matched + forced,
            )
        )
    headings = ("task", "A", "B", "A - B", "95 % interval", "p (Holm)", "A is")
    return TextTable("Differences in points", headings, tuple(rows), 3, cells=_pairs(found))


def _pairs(found: Iterable[Difference]) -> tuple[tuple[str, ...], ...]:
    return tuple((difference.a.name, difference.b.name) for difference in found)


def expectations(outcomes: Sequence[Outcome]) -> TextTable:
    """Show what was expected beforehand, and what became of it."""
    rows = tuple(
        (
            outcome.expectation.text,
            outcome.task,
            outcome.preset,
            f"{points(outcome.interval[0])} ({bounds(*outcome.interval[1:])})"
            if outcome.interval
            else outcome.reason,
            f"{outcome.begun_before} of {outcome.trials}",
            outcome.outcome,
        )
        for outcome in outcomes
    )
    headings = ("expected", "task", "preset", "found", "begun before", "outcome")
    return TextTable("Expectations, stored before the numbers", headings, rows, 4)


def sources(found: Sequence[Difference]) -> TextTable:
    """Show the sources of each difference's uncertainty, and who solves which puzzles."""
    rows = []
    known = [difference for difference in found if difference.comparison and difference.puzzles]
    for difference in known:
        c, puzzles = difference.comparison, difference.puzzles
        assert c is not None and puzzles is not None
        counts = (puzzles.both, puzzles.only_a, puzzles.only_b, puzzles.neither)
        rows.append(
            (
                difference.a.tested_on,
                difference.a.name,
                difference.b.name,
                shares_text(c.variance_shares),
                number(c.power.minimum_detectable_difference),
                _superiority(c),
                *(count(value) for value in counts),
            )
        )
    headings = (
        "task",
        "A",
        "B",
        "seeds / puzzles / residual",
        "detectable",
        "P(A > B)",
    )
    return TextTable(
        "Where the variance comes from, and who solves which puzzles",
        (*headings, "both", "only A", "only B", "neither"),
        tuple(rows),
        3,
        cells=_pairs(known),
    )


def _superiority(found: Comparison) -> str:
    """In how many of the pairs of seeds A is ahead; ties count half."""
    if math.isnan(found.probability_of_superiority):
        return UNKNOWN
    a, b = found.evidence.a.seeds, found.evidence.b.seeds
    pairs = a if found.paired else a * b
    return f"{found.probability_of_superiority * pairs:.3g} of {pairs}"


def across(compared: ComparedCells) -> list[TextTable]:
    """Make the tables of the summaries over tasks."""
    found = compared.across
    if found is None:
        return []
    headings = ("model", "mean", "95 % interval", "interquartile mean", "95 % interval")
    means = tuple(
        (name, *_aggregate(mean), *_aggregate(found.interquartile_means[name]))
        for name, mean in found.means.items()
    )
    improvements = tuple(
        (a, b, percent(p.value), _percent_bounds(p.low, p.high))
        for (a, b), p in found.improvement.items()
    )
    title = f"Over {len(found.tasks)} tasks, of which each counts the same in the mean"
    tables = [TextTable(title, headings, means, 1)]
    if improvements:
        pairs = ("A", "B", "P(a run of A beats one of B)", "95 % interval")
        tables.append(TextTable("Probability of improvement", pairs, improvements, 2))
    return tables


def _aggregate(found: Aggregate) -> tuple[str, str]:
    return percent(found.value), _percent_bounds(found.low, found.high)


def _percent_bounds(low: float, high: float) -> str:
    return UNKNOWN if math.isnan(low) else f"{number(low)} to {number(high)}"


def failures(rows: Iterable[Row]) -> TextTable:
    """List the trials that did not finish, and the reason."""
    names = ("trial_id", "model", "task", "seed", "status", "error")
    texts = tuple(tuple(str(row[name] or "") for name in names[:3]) + _rest(row) for row in rows)
    headings = ("trial", "model", "task", "seed", "status", "why")
    return TextTable("Not finished", headings, texts, len(names))


def _rest(row: Row) -> tuple[str, str, str]:
    return str(row["seed"]), row["status"], row["error"] or ""


def footnote(found: Sequence[CellSummary]) -> str:
    """Say what the intervals of the table of cells mean."""
    sets = {id(cell.puzzle_set): cell.puzzle_set for cell in found if cell.puzzle_set}
    numbers = ", ".join(sorted({_size(puzzles) for puzzles in sets.values()}))
    lines = [
        f"Mean over seeds on {numbers or 'no'} test puzzles. Intervals: where the mean of many more"
        " seeds would lie, on these same puzzles. Differences: on other puzzles like these, too."
    ]
    several = [cell.interval.seeds for cell in found if cell.interval.seeds > 1]
    if several:
        lines.append(
            f"They hold if no run collapses: {min(several)} seeds without one still allow"
            f" {100 * unseen_failures(min(several)):.0f} % of runs that do."
        )
    if shared := shared_overrides([cell.overrides for cell in found]):
        lines.append(f"All of them: {described(shared)}.")
    if any(cell.interval.seeds == 1 for cell in found):
        lines.append("* one seed: the interval is about this checkpoint only, not the model.")
    return "\n".join(lines)


def claims(compared: ComparedCells) -> list[str]:
    """Say of each cell whether it exceeds the target that was asked for."""
    return [f"{cell.tested_on}, {cell.preset}: {claim}" for cell, claim in compared.claims]


def _size(puzzles: PuzzleSet) -> str:
    """Count the puzzles, and their groups where groups are scored."""
    number = f"{len(puzzles.ids):,}"
    return number if puzzles.groups is None else f"{len(puzzles):,} groups of {number}"


def seeds_text(cell: CellSummary) -> str:
    """Count the finished seeds, and say of how many where some are not finished."""
    finished, failed = len(cell.trials), len(cell.failed)
    return f"{finished} of {finished + failed}" if failed else str(finished)
