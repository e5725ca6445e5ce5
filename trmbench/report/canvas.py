"""A drawing area whose series a page can switch off and read out; matplotlib beneath."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trmbench.errors import TrmbenchError, printable

# Okabe and Ito's colours without black and yellow: told apart by colour-blind readers and seen on
# white as well as on black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", ":", "-.")
INK = "#123457"
"""Stands for the colour of the text, which the page decides."""
POINTS_PER_INCH = 72


class Look(NamedTuple):
    """The way a model is drawn, the same in every figure of a report."""

    place: int
    """Its place among the models of the report."""
    colour: str
    marker: str
    line: str


class Mark(NamedTuple):
    """A place of a figure that says something when a reader points at it."""

    x: float
    """In the units of the SVG, from the left."""
    y: float
    """In the units of the SVG, from the top."""
    words: str
    model: int
    """`Look.place` of what is drawn there."""


@dataclass
class Canvas:
    """Axes, and what was drawn in them."""

    axes: Axes
    spoken: list[tuple[float, float, str, int]] = field(default_factory=list)
    """x and y in the units of the axes, words, and `Look.place`."""

    @property
    def figure(self) -> Figure:
        """The figure of the axes."""
        figure = self.axes.get_figure()
        assert isinstance(figure, Figure)
        return figure

    def own(self, look: Look, *artists: Artist) -> None:
        """Let artists appear and disappear with a model."""
        for artist in artists:
            artist.set_gid(f"cell-{look.place}")

    def say(self, look: Look, x: Iterable[float], y: Iterable[float], words: Iterable[str]) -> None:
        """Give points their words.

        Args:
            look: whose points they are.
            x: their places on the horizontal axis.
            y: their places on the vertical axis.
            words: what a reader sees when she points at one.
        """
        self.spoken += zip(x, y, words, itertools.repeat(look.place), strict=False)

    def marks(self) -> list[Mark]:
        """Return what was said, at its places in the SVG."""
        self.figure.draw_without_rendering()
        height = self.figure.get_figheight() * POINTS_PER_INCH
        scale = POINTS_PER_INCH / self.figure.dpi
        places = [(x, y) for x, y, _, _ in self.spoken]
        found = self.axes.transData.transform(np.array(places).reshape(-1, 2)) * scale
        return [
            Mark(round(float(x), 1), round(height - float(y), 1), words, model)
            for (x, y), (_, _, words, model) in zip(found, self.spoken, strict=True)
        ]


@dataclass(frozen=True)
class Plot:
    """A figure and what to say about it."""

    name: str
    """Unique among the report's plots, fit for a file name."""
    caption: str
    canvas: Canvas


def look(index: int) -> Look:
    """Return the look of the model in that place."""
    turn = index // len(COLOURS)
    return Look(
        index,
        COLOURS[index % len(COLOURS)],
        MARKERS[(index + turn) % len(MARKERS)],
        LINES[turn % len(LINES)],
    )


def short(name: str, longest: int = 34) -> str:
    """Return a name that fits a legend."""
    name = printable(name)
    name = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return f"\u2009{name}" if name.startswith("_") else name  # matplotlib hides labels with "_"


def canvas(height: float = 3.5) -> Canvas:
    """Return an empty canvas; height in inches."""
    return Canvas(Figure(figsize=(5, height), layout="constrained").add_subplot())


def done(drawn: Canvas, looks: Sequence[Look] = ()) -> Canvas:
    """Finish a canvas.

    Args:
        drawn: the canvas.
        looks: those of a legend, in the order in which its entries were drawn; none without one.
    """
    axes, figure = drawn.axes, drawn.figure
    axes.grid(alpha=0.25, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    if looks:
        longest = max(len(name) for name in axes.get_legend_handles_labels()[1])
        columns = 2 if longest <= 22 else 1  # two long names do not fit next to each other
        legend = figure.legend(loc="outside upper left", ncols=columns, frameon=False)
        for each, text, handle in zip(
            looks, legend.get_texts(), legend.legend_handles, strict=True
        ):
            drawn.own(each, text, *([handle] if handle else []))
    return drawn


@contextmanager
def style() -> Iterator[None]:
    """Set matplotlib up for the figures of a report."""
    names = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    settings: dict[Any, Any] = dict.fromkeys(names, INK)
    with matplotlib.rc_context(
        settings
        | {
            "font.size": 10.5,
            "text.parse_math": False,  # a name may hold dollar signs
            "svg.fonttype": "none",
            "svg.hashsalt": "trmbench",
            "axes.formatter.useoffset": False,
        }
    ):
        yield


def to_svg(plot: Plot) -> str:
    """Make an `<svg>` element whose text has the colour of the page's text."""
    text = io.StringIO()
    with style():
        plot.canvas.figure.savefig(
            text, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r'\bid="cell-(\d+)"', r'data-cells="\1"', svg)
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
            with style():
                plot.canvas.figure.savefig(path, dpi=200, facecolor="white")
            written.append(path)
    except OSError as error:
        raise TrmbenchError(
            f"cannot write figures to {folder}: {error.strerror}",
            "choose another with --figures DIR",
        ) from error
    return written
