"""How an answer is refined, supervision step by supervision step: in the terminal and as a file.

The paper's Figure 6 (arXiv 2510.04871) over all steps: y is the answer; z, decoded by the same
head, is not one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trmbench.errors import TrmbenchError
from trmbench.report.drawing import LEGEND, Drawing, draw, mark, to_html, to_image, to_text
from trmbench.report.templates import template
from trmbench.store import replace_file, write_text

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class Refinement:
    """One puzzle's way to its answer."""

    title: str
    """Model, task and seed."""
    puzzle_id: str
    render: Callable[[np.ndarray], RenderableType]
    """The task's `render`."""
    question: np.ndarray
    """(L,) tokens."""
    label: np.ndarray
    """(L,) tokens of the answer; the padding token where nothing is asked."""
    answers: np.ndarray
    """(S, L) tokens of y, decoded, after each supervision step."""
    latents: Mapping[str, np.ndarray]
    """(S, L) tokens of each latent state, decoded by the same head; empty where unknown."""
    halt_probability: np.ndarray | None
    """(S,), None where the model has none."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One supervision step, drawn."""

    caption: str
    drawings: Mapping[str, Drawing]
    """The marked answer y, then the latents."""


def frames(found: Refinement) -> list[Frame]:
    """The steps, with what changed and what is wrong marked in y."""
    # Where nothing is asked, whatever was answered is right.
    asked = found.label != 0
    answers = [draw(found.render(np.where(asked, y, found.label))) for y in found.answers]
    wanted = draw(found.render(found.label))
    made = []
    for step, drawing in enumerate(answers):
        wrong = int(((found.answers[step] != found.label) & asked).sum())
        caption = f"step {step + 1}: {wrong} wrong" if wrong else f"step {step + 1}: solved"
        if found.halt_probability is not None:
            caption += f", halts with {100 * found.halt_probability[step]:.0f} %"
        previous = answers[step - 1] if step else None
        drawings = {"y": mark(drawing, previous, wanted)}
        drawings |= {
            name: draw(found.render(tokens[step])) for name, tokens in found.latents.items()
        }
        made.append(Frame(caption, drawings))
    return made


def terminal(found: Refinement) -> Iterator[RenderableType]:
    """The question, the right answer, then one step after the other."""
    yield Text(f"{found.title}, puzzle {found.puzzle_id}", "bold")
    given = {
        "question": draw(found.render(found.question)),
        "right": draw(found.render(found.label)),
    }
    yield _beside(given)
    legend = Text("marked in y: ")
    for words, style in LEGEND:
        legend.append(f" {words} ", style).append(" ")
    yield legend
    for frame in frames(found):
        yield Text(f"\n{frame.caption}", "bold")
        yield _beside(frame.drawings)


def _beside(drawings: Mapping[str, Drawing]) -> RenderableType:
    grid = Table.grid(padding=(0, 3))
    grid.add_row(*(Text(name, "dim") for name in drawings))
    grid.add_row(*(to_text(drawing) for drawing in drawings.values()))
    return grid


def save(found: Refinement, path: Path) -> None:
    """Write an animated page (.html) or a strip of all steps (.png).

    Raises:
        TrmbenchError: another suffix, or the file cannot be written.
    """
    if path.suffix == ".html":
        write_text(path, page(found))
    elif path.suffix == ".png":
        image = strip(found)
        replace_file(path, lambda temporary: image.save(temporary, format="PNG"))
    else:
        raise TrmbenchError(f"cannot save a refinement as {path.name}", "use .html or .png")


def page(found: Refinement) -> str:
    """A page that plays the steps; without scripts, or on paper, it shows them all."""
    given = {"question": found.question, "right": found.label}
    return template("refinement.html").render(
        title=f"{found.title}, puzzle {found.puzzle_id}",
        given={name: to_html(draw(found.render(tokens))) for name, tokens in given.items()},
        legend=[
            (words, style.bgcolor.name, style.color.name)
            for words, style in LEGEND
            if style.bgcolor and style.color
        ],
        frames=[
            (frame.caption, {name: to_html(d) for name, d in frame.drawings.items()})
            for frame in frames(found)
        ],
    )


def strip(found: Refinement, gap: int = 14) -> Image:
    """All steps side by side, y above the latents, after the question and the right answer."""
    from PIL import Image

    given = [Frame("question", {"": draw(found.render(found.question))})]
    given += [Frame("right", {"": draw(found.render(found.label))})]
    columns = [_column(frame, gap) for frame in [*given, *frames(found)]]
    width = sum(column.width + gap for column in columns) + gap
    height = max(column.height for column in columns) + 2 * gap
    image = Image.new("RGB", (width, height), "white")
    left = gap
    for column in columns:
        image.paste(column, (left, gap))
        left += column.width + gap
    return image


def _column(frame: Frame, gap: int) -> Image:
    from PIL import Image
    from rich.style import Style

    lines = re.split("[:,] ", frame.caption)
    heading: Drawing = [[(sign, Style()) for sign in line] for line in lines]
    parts = [to_image(heading)]
    for name, drawing in frame.drawings.items():
        parts += [to_image([[(sign, Style()) for sign in name]]), to_image(drawing)]
    image = Image.new(
        "RGB",
        (max(p.width for p in parts), sum(p.height for p in parts) + gap * len(frame.drawings)),
        "white",
    )
    top = 0
    for index, part in enumerate(parts):
        image.paste(part, (0, top))
        top += part.height + (gap if index and index % 2 == 0 else 0)
    return image
