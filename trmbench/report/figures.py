"""The plots of a report, one matplotlib figure each."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trmbench.comparison.across import THRESHOLDS, AcrossTasks
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Group
from trmbench.comparison.curves import Curve, learning_curves
from trmbench.errors import TrmbenchError, printable
from trmbench.report.words import metric_names
from trmbench.store import Store

# Okabe and Ito's colours without black and yellow: told apart by colour-blind readers and seen on
# white as well as on black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", ":", "-.")
Cells = Sequence[CellSummary]
"""As `order`, all cells of the group: a cell looks the same in all of its plots."""
MOST_CELLS = 24
"""Cells in a figure: with more it shows nothing, and the tables have them all."""
INK = "#123457"
"""Stands for the colour of the text, which the page decides."""


class Unit(NamedTuple):
    """The unit of an axis."""

    scale: float
    """Times a stored value, the number drawn."""
    suffix: str
    """Added to the axis' label."""


NUMBER = Unit(1.0, "")
PERCENT = Unit(100.0, " in %")


@dataclass(frozen=True)
class Plot:
    """A figure and what to say about it."""

    name: str
    """Unique among the report's plots, fit for a file name."""
    caption: str
    figure: Figure


def plots(store: Store, compared: ComparedCells) -> list[tuple[Group, list[Plot]]]:
    """Draw the plots of each task and preset."""
    with _style():
        return [
            (group, list(_group_plots(store, group, place)))
            for place, group in enumerate(compared.groups)
        ]


def _group_plots(store: Store, group: Group, index: int) -> Iterator[Plot]:
    cells = [cell for cell in group.cells if cell.moments.seeds][:MOST_CELLS]
    if not cells:
        return
    slug = re.sub(r"[^a-z0-9]+", "-", f"{index + 1}-{group.task}-{group.preset}".lower()).strip("-")
    metric = metric_names(cell.metric for cell in cells)
    yield Plot(
        f"{slug}-accuracy",
        f"{metric.capitalize()}: each point a seed, each bar the mean with its 95 % interval on"
        " this test set.",
        accuracy(cells, metric),
    )
    curves = {cell: learning_curves(store, cell) for cell in cells}
    for column, words, unit in (
        ("exact_accuracy", "Exact accuracy in training", PERCENT),
        ("loss", "Loss", NUMBER),
    ):
        found = {cell: curves[cell][column] for cell in cells if column in curves[cell]}
        if found:
            yield Plot(
                f"{slug}-{column.replace('_', '-')}-curve",
                f"{words}: mean over seeds, and the band from the lowest to the highest.",
                learning(found, words.lower(), unit, cells),
            )
    stepped = [cell for cell in cells if cell.by_step.shape[1] > 1]
    if stepped:
        yield Plot(
            f"{slug}-steps",
            "Exact accuracy on the test puzzles after each supervision step: mean over seeds, and"
            " the band from the worst to the best.",
            by_step(stepped, cells),
        )
    for column, words in (("train_seconds", "training time"), ("parameters", "parameters")):
        measured = [cell for cell in cells if np.isfinite(cell.mean(column))]
        if measured:
            yield Plot(
                f"{slug}-{column.replace('_', '-')}",
                f"{metric.capitalize()} against {words}, a point per seed.",
                against(measured, column, metric, cells),
            )


def accuracy(cells: Cells, metric: str) -> Figure:
    """Draw seeds, means and intervals, a line per cell."""
    axes = _axes(height=1.1 + 0.42 * len(cells))
    for row, cell in enumerate(cells):
        colour, marker, _ = _look(row)
        found = cell.interval
        seeds = 100 * cell.moments.seed_means
        axes.plot([100 * found.low, 100 * found.high], [row, row], color=colour, linewidth=2)
        axes.plot([100 * found.mean] * 2, [row - 0.22, row + 0.22], color=colour, linewidth=3)
        axes.plot(seeds, [row] * len(seeds), marker, color=colour, alpha=0.6, markersize=5)
    axes.set_yticks(range(len(cells)), [_short(cell.name) for cell in cells])
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.set_xlabel(f"{metric} in %")
    return _done(axes)


def learning(curves: Mapping[CellSummary, Curve], words: str, unit: Unit, order: Cells) -> Figure:
    """Draw mean curves with a seed band."""
    axes = _axes()
    for cell, curve in curves.items():
        _banded(axes, order.index(cell), cell.name, curve.steps, unit.scale * curve.values)
    axes.set_xlabel("training step")
    axes.set_ylabel(f"{words}{unit.suffix}")
    return _done(axes, legend=True)


def by_step(cells: Cells, order: Cells) -> Figure:
    """Draw the accuracy after each supervision step with a seed band."""
    axes = _axes()
    for cell in cells:
        steps = np.arange(1, cell.by_step.shape[1] + 1)
        _banded(axes, order.index(cell), cell.name, steps, 100 * cell.by_step)
    axes.set_xlabel("supervision step")
    axes.set_ylabel("exact accuracy in %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _done(axes, legend=True)


def against(cells: Cells, column: str, metric: str, order: Cells) -> Figure:
    """Draw scores against a cost, a point per seed."""
    axes = _axes()
    every: list[float] = []
    for cell in cells:
        colour, marker, _ = _look(order.index(cell))
        points = [
            (row[column], 100 * mean)
            for row, mean in zip(cell.trials, cell.moments.seed_means, strict=True)
            if row[column] is not None
        ]
        costs, scores = zip(*points, strict=True)
        every += costs
        axes.plot(costs, scores, marker, color=colour, label=_short(cell.name), alpha=0.8)
    if min(every) > 0 and max(every) > 5 * min(every):
        axes.set_xscale("log")
        # The usual labels of such an axis are formulas, and formulas are off (`_style`).
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training time in s" if column == "train_seconds" else column)
    axes.set_ylabel(f"{metric} in %")
    return _done(axes, legend=True)


def profiles(found: AcrossTasks) -> Figure:
    """Draw performance profiles over tasks."""
    with _style():
        axes = _axes()
        for index, (name, shares) in enumerate(found.profiles.items()):
            colour, _, line = _look(index)
            axes.plot(100 * THRESHOLDS, 100 * shares, line, color=colour, label=_short(name))
        axes.set_xlabel("score above, in %")
        axes.set_ylabel("share of runs in %")
        return _done(axes, legend=True)


# --- drawing ------------------------------------------------------------------------------------


def _banded(axes: Axes, index: int, name: str, x: np.ndarray, values: np.ndarray) -> None:
    """Draw the mean of values (K, X) over seeds, and the band from the lowest to the highest."""
    colour, _, line = _look(index)
    axes.plot(x, values.mean(axis=0), line, color=colour, label=_short(name), linewidth=1.6)
    if len(values) > 1:
        axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, lw=0)


def _look(index: int) -> tuple[str, str, str]:
    turn = index // len(COLOURS)
    return (
        COLOURS[index % len(COLOURS)],
        MARKERS[(index + turn) % len(MARKERS)],
        LINES[turn % len(LINES)],
    )


def _short(name: str, longest: int = 34) -> str:
    name = printable(name)
    name = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return f"\u2009{name}" if name.startswith("_") else name  # matplotlib hides labels with "_"


def _axes(height: float = 3.2) -> Axes:
    figure = Figure(figsize=(5, height), layout="constrained")
    return figure.add_subplot()


def _done(axes: Axes, legend: bool = False) -> Figure:
    axes.grid(alpha=0.25, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    if legend:
        longest = max(len(name) for name in axes.get_legend_handles_labels()[1])
        columns = 2 if longest <= 22 else 1  # two long names do not fit next to each other
        figure.legend(loc="outside upper left", ncols=columns, frameon=False)
    return figure


@contextmanager
def _style(ink: str = INK) -> Iterator[None]:
    names = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    settings: dict[Any, Any] = dict.fromkeys(names, ink)
    with matplotlib.rc_context(
        settings
        | {
            "font.size": 9,
            "text.parse_math": False,  # a name may hold dollar signs
            "svg.fonttype": "none",
            "svg.hashsalt": "trmbench",
            "axes.formatter.useoffset": False,
        }
    ):
        yield


# --- writing ------------------------------------------------------------------------------------


def to_svg(plot: Plot) -> str:
    """Make an `<svg>` element whose text has the colour of the page's text."""
    text = io.StringIO()
    with _style():
        plot.figure.savefig(
            text, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # Several plots stand in one page: their ids must differ.
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{plot.name}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", svg)
    # The page's style sheet decides on the size.
    return re.sub(r'^(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 role="img"', svg)


def save_figures(found: Sequence[Plot], folder: Path) -> list[Path]:
    """Write each plot as SVG and PNG, on white.

    Raises:
        TrmbenchError: the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot, suffix in itertools.product(found, ("svg", "png")):
            path = folder / f"{plot.name}.{suffix}"
            with _style():
                plot.figure.savefig(path, dpi=200, facecolor="white")
            written.append(path)
    except OSError as error:
        raise TrmbenchError(
            f"cannot write figures to {folder}: {error.strerror}",
            "choose another with --figures DIR",
        ) from error
    return written
