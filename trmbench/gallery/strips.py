"""The refinement of an answer, supervision step by step: in the terminal and as a file.

The paper's Figure 6 (arXiv 2510.04871) over all steps: y is the answer; z, decoded by the same
head, is not one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from trmbench.gallery import frames as framed
from trmbench.gallery.drawing import LEGEND, draw, mark
from trmbench.gallery.frames import Frame
from trmbench.report.templates import template


@dataclass(frozen=True, eq=False)
class Refinement:
    """One puzzle's way to its answer."""

    title: str
    """Model, task and seed."""
    puzzle_id: str
    render: Callable[[np.ndarray], RenderableType]
    """The task's `render`."""
    render_answer: Callable[[np.ndarray, np.ndarray], RenderableType]
    """The task's `render_answer`."""
    question: np.ndarray
    """(L,) tokens."""
    label: np.ndarray
    """(L,) tokens of the right answer, of several the given one; padding where nothing is asked."""
    answers: np.ndarray
    """(S, L) tokens of y, decoded, after each supervision step."""
    latents: Mapping[str, np.ndarray]
    """(S, L) tokens of each latent state, decoded by the same head; empty where unknown."""
    halt_probability: np.ndarray | None
    """(S,), None where the model has none."""

    def given(self) -> list[Frame]:
        """Draw the question and the right answer."""
        named = {"question": self.question, "right": self.label}
        return [Frame(name, {"": draw(self.render(tokens))}) for name, tokens in named.items()]


def frames(found: Refinement) -> list[Frame]:
    """Draw the steps; marks in y show the tokens that changed and the wrong ones."""
    asked = found.label != 0
    answers = [draw(found.render_answer(y, found.label)) for y in found.answers]
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


def refinement_view(found: Refinement) -> Iterator[RenderableType]:
    """Yield the question, the right answer, then one step after the other."""
    yield Text(f"{found.title}, puzzle {found.puzzle_id}", "bold")
    yield framed.columns(found.given())
    legend = Text("marked in y: ")
    for words, style in LEGEND:
        legend.append(f" {words} ", style).append(" ")
    yield legend
    for frame in frames(found):
        yield Text(f"\n{frame.caption}", "bold")
        yield framed.columns([Frame("", {name: d}) for name, d in frame.drawings.items()])


def save_refinement(found: Refinement, path: Path) -> None:
    """Write an animated page (.html) or a strip of all steps (.png).

    Raises:
        TrmbenchError: another suffix, or the file cannot be written.
    """
    framed.save_drawings(path, lambda: page(found), lambda: [[*found.given(), *frames(found)]])


def page(found: Refinement) -> str:
    """Write a page that plays the steps; without scripts, or on paper, it shows them all."""
    return template("refinement.html").render(
        title=f"{found.title}, puzzle {found.puzzle_id}",
        given=[frame.html() for frame in found.given()],
        legend=[
            (words, style.bgcolor.name, style.color.name)
            for words, style in LEGEND
            if style.bgcolor and style.color
        ],
        frames=[frame.html() for frame in frames(found)],
    )
