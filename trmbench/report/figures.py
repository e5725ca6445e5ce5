"""The plots of a report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trmbench.comparison.across import THRESHOLDS, AcrossTasks
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Group
from trmbench.comparison.curves import Curve, learning_curves
from trmbench.comparison.depth_curves import DepthCurve, depth_curve
from trmbench.report.canvas import Canvas, Look, Plot, canvas, done, look, short, style
from trmbench.report.words import as_title, metric_names
from trmbench.store import Store

Looked = Mapping[CellSummary, Look]
"""Cells and how they are drawn."""
MOST_CELLS = 24
"""Cells in a figure: with more it shows nothing, and the tables have them all."""


class Unit(NamedTuple):
    """The unit of an axis."""

    scale: float
    """Times a stored value, the number drawn."""
    suffix: str
    """Added to the axis' label."""


NUMBER = Unit(1.0, "")
PERCENT = Unit(100.0, " in %")


def names(compared: ComparedCells) -> list[str]:
    """List the names of the report's models; the place of a name decides how it is drawn."""
    return list(dict.fromkeys(cell.name for cell in compared.cells))


def plots(store: Store, compared: ComparedCells) -> list[tuple[Group, list[Plot]]]:
    """Draw the plots of each task and preset."""
    order = names(compared)
    with style():
        return [
            (group, list(_group_plots(store, group, place, order)))
            for place, group in enumerate(compared.groups)
        ]


def _group_plots(store: Store, group: Group, index: int, order: Sequence[str]) -> Iterator[Plot]:
    found = [cell for cell in group.cells if cell.moments.seeds][:MOST_CELLS]
    if not found:
        return
    cells = {cell: look(order.index(cell.name)) for cell in found}
    title = f"{index + 1}-{group.tested_on}-{group.preset}"
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    metric = metric_names(cell.metric for cell in cells)
    yield Plot(
        f"{slug}-accuracy",
        f"{as_title(metric)}: each point a seed, each bar the mean with its 95 % interval on"
        " this test set.",
        accuracy(cells, metric),
    )
    curves = {cell: learning_curves(store, cell) for cell in cells}
    for column, words, unit in (
        ("exact_accuracy", "Exact accuracy in training", PERCENT),
        ("loss", "Loss", NUMBER),
    ):
        drawn = {cell: curves[cell][column] for cell in cells if column in curves[cell]}
        if drawn:
            yield Plot(
                f"{slug}-{column.replace('_', '-')}-curve",
                f"{words}: mean over seeds, and the band from the lowest to the highest.",
                learning(drawn, words.lower(), unit, cells),
            )
    stepped = {cell: each for cell, each in cells.items() if cell.by_step.shape[1] > 1}
    if stepped:
        yield Plot(
            f"{slug}-steps",
            "Exact accuracy on the test puzzles after each supervision step: mean over seeds, and"
            " the band from the worst to the best.",
            by_step(stepped),
        )
    yield from _cost_plots(cells, slug, metric)


def _cost_plots(cells: Looked, slug: str, metric: str) -> Iterator[Plot]:
    """Draw what was reached against what it took."""
    every = {cell: depth_curve(cell) for cell in cells}
    counted = {c: found for c, found in every.items() if found and np.isfinite(found.flops).all()}
    if counted:
        yield Plot(
            f"{slug}-compute",
            f"{as_title(metric)} against the FLOPs of an answer, after 1, 2, 4, ... supervision"
            " steps: mean over seeds with its 95 % band, a ring around the answer that counts.",
            against_compute(counted, metric, cells),
        )
    for column, words in (("train_seconds", "training time"), ("parameters", "parameters")):
        measured = {cell: each for cell, each in cells.items() if np.isfinite(cell.mean(column))}
        if measured:
            yield Plot(
                f"{slug}-{column.replace('_', '-')}",
                f"{as_title(metric)} against {words}, a point per seed.",
                against(measured, column, metric),
            )


def accuracy(cells: Looked, metric: str) -> Canvas:
    """Draw seeds, means and intervals, a line per cell."""
    drawn = canvas(height=1.1 + 0.42 * len(cells))
    axes = drawn.axes
    for row, (cell, mine) in enumerate(cells.items()):
        colour, marker = mine.colour, mine.marker
        found = cell.interval
        seeds = 100 * cell.moments.seed_means
        drawn.own(
            mine,
            *axes.plot([100 * found.low, 100 * found.high], [row, row], color=colour, linewidth=2),
            *axes.plot([100 * found.mean] * 2, [row - 0.22, row + 0.22], color=colour, linewidth=3),
            *axes.plot(seeds, [row] * len(seeds), marker, color=colour, alpha=0.6, markersize=5),
        )
        words = [
            f"{cell.name}, {name}: {x:.1f} %" for name, x in zip(_seeds(cell), seeds, strict=True)
        ]
        drawn.say(mine, seeds, [row] * len(seeds), words)
    axes.set_yticks(range(len(cells)), [short(cell.name) for cell in cells])
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.set_xlabel(f"{metric} in %")
    return done(drawn)


def learning(curves: Mapping[CellSummary, Curve], words: str, unit: Unit, cells: Looked) -> Canvas:
    """Draw mean curves with a seed band."""
    drawn = canvas()
    for cell, curve in curves.items():
        _banded(drawn, cells[cell], cell.name, curve.steps, unit.scale * curve.values, "step")
    drawn.axes.set_xlabel("training step")
    drawn.axes.set_ylabel(f"{words}{unit.suffix}")
    return done(drawn, [cells[cell] for cell in curves])


def by_step(cells: Looked) -> Canvas:
    """Draw the accuracy after each supervision step with a seed band."""
    drawn = canvas()
    for cell, mine in cells.items():
        steps = np.arange(1, cell.by_step.shape[1] + 1)
        _banded(drawn, mine, cell.name, steps, 100 * cell.by_step, "step")
    drawn.axes.set_xlabel("supervision step")
    drawn.axes.set_ylabel("exact accuracy in %")
    drawn.axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return done(drawn, list(cells.values()))


def against(cells: Looked, column: str, metric: str) -> Canvas:
    """Draw scores against a cost, a point per seed."""
    drawn = canvas()
    axes = drawn.axes
    every: list[float] = []
    for cell, mine in cells.items():
        scores = 100 * cell.moments.seed_means
        points = [
            (row[column], score, f"{cell.name}, {name}: {score:.1f} %, {row[column]:,.4g}")
            for row, score, name in zip(cell.trials, scores, _seeds(cell), strict=True)
            if row[column] is not None
        ]
        costs, heights, words = zip(*points, strict=True)
        every += costs
        label = short(cell.name)
        drawn.own(
            mine,
            *axes.plot(costs, heights, mine.marker, color=mine.colour, label=label, alpha=0.8),
        )
        drawn.say(mine, costs, heights, words)
    if min(every) > 0 and max(every) > 5 * min(every):
        axes.set_xscale("log")
        # The usual labels of such an axis are formulas, and formulas are off (`style`).
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("training time in s" if column == "train_seconds" else column)
    axes.set_ylabel(f"{metric} in %")
    return done(drawn, list(cells.values()))


def against_compute(curves: Mapping[CellSummary, DepthCurve], metric: str, cells: Looked) -> Canvas:
    """Draw depth curves against what an answer takes."""
    drawn = canvas()
    axes = drawn.axes
    for cell, curve in curves.items():
        mine, mean = cells[cell], 100 * curve.mean
        low, high = (100 * bound for bound in curve.band)
        line = axes.plot(
            *(curve.flops, mean, mine.line),
            color=mine.colour,
            marker=".",
            label=short(cell.name),
            linewidth=1.6,
        )
        band = axes.fill_between(curve.flops, low, high, color=mine.colour, alpha=0.15, lw=0)
        drawn.own(mine, *line, band)
        counts = curve.depths == curve.tested
        ring = axes.plot(
            curve.flops[counts], mean[counts], "o", color=mine.colour, fillstyle="none"
        )
        drawn.own(mine, *ring)
        words = [
            f"{cell.name}, depth {depth}: {y:.1f} %, {x:.2e} FLOPs"
            for depth, x, y in zip(curve.depths, curve.flops, mean, strict=True)
        ]
        drawn.say(mine, curve.flops, mean, words)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("FLOPs per answer")
    axes.set_ylabel(f"{metric} in %")
    return done(drawn, [cells[cell] for cell in curves])


def profiles(found: AcrossTasks) -> Canvas:
    """Draw performance profiles over tasks."""
    with style():
        drawn = canvas()
        for index, (name, shares) in enumerate(found.profiles.items()):
            _, colour, _, line = look(index)
            drawn.axes.plot(100 * THRESHOLDS, 100 * shares, line, color=colour, label=short(name))
        drawn.axes.set_xlabel("score above, in %")
        drawn.axes.set_ylabel("share of runs in %")
        return done(drawn, [look(index) for index in range(len(found.profiles))])


def _seeds(cell: CellSummary) -> list[str]:
    return [f"seed {row['seed']}" for row in cell.trials]


def _banded(
    drawn: Canvas, mine: Look, name: str, x: np.ndarray, values: np.ndarray, unit: str
) -> None:
    """Draw the mean of values (K, X) over seeds, and the band from the lowest to the highest."""
    mean, axes = values.mean(axis=0), drawn.axes
    drawn.own(
        mine, *axes.plot(x, mean, mine.line, color=mine.colour, label=short(name), linewidth=1.6)
    )
    if len(values) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        drawn.own(mine, axes.fill_between(x, low, high, color=mine.colour, alpha=0.2, lw=0))
    drawn.say(
        mine, x, mean, [f"{name}, {unit} {at:,}: {y:.4g}" for at, y in zip(x, mean, strict=True)]
    )
