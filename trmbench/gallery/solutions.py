"""Puzzles of the user with their answers, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from trmbench.gallery import frames as framed
from trmbench.gallery.drawing import Drawing, draw, mark
from trmbench.gallery.frames import Frame
from trmbench.report.words import percent
from trmbench.spec import Task
from trmbench.trial.saved import Solution

_VERDICTS = {True: "valid", False: "not valid", None: "validity not known"}


def solution_view(task: Task, found: Solution, asked: np.ndarray) -> Iterator[RenderableType]:
    """Yield the question next to its answer, and what there is to say of it.

    Args:
        task: whose puzzle it is.
        found: the answer.
        asked: (L,) bool, the places that are asked for.
    """
    question = draw(task.render(found.question))
    answer = mark(_answer(task, found.answer, found, asked), question, None)
    yield framed.columns([Frame("question", {"": question}), Frame("answer", {"": answer})])
    yield Text(verdict(found), "bold")


def verdict(found: Solution) -> str:
    """Say what the model thinks of its answer, whether it is valid, and how long it took."""
    if found.abstained:
        return f"No answer: the model abstains, {found.seconds:.3f} s"
    words = f"confidence {percent(found.confidence)}"
    if found.trials > 1:
        agreed = round(found.confidence * found.trials)
        words = f"given by {agreed} of {found.trials} seeds"
    steps = "" if found.steps is None else f", {len(found.steps)} supervision steps"
    return f"{_VERDICTS[found.valid]}, {words}{steps}, {found.seconds:.3f} s".capitalize()


def refinement_view(task: Task, found: Solution, asked: np.ndarray) -> Iterator[RenderableType]:
    """Yield the answer after each supervision step, what changed in it marked.

    Args:
        task: whose puzzle it is.
        found: the answer.
        asked: (L,) bool, the places that are asked for.
    """
    steps = [] if found.steps is None else list(found.steps)
    drawings = [draw(task.render(found.question))]
    drawings += [_answer(task, tokens, found, asked) for tokens in steps]
    shown = []
    for number, (before, now) in enumerate(pairwise(drawings), start=1):
        previous = found.question if number == 1 else steps[number - 2]
        changed = int(((steps[number - 1] != previous) & asked).sum())
        shown.append(Frame(f"step {number}: {changed} changed", {"": mark(now, before, None)}))
    yield framed.columns(shown)


def _answer(task: Task, tokens: np.ndarray, found: Solution, asked: np.ndarray) -> Drawing:
    """Draw an answer; where nothing is asked the question stands."""
    whole = np.where(asked, tokens, found.question)
    return draw(task.render_answer(whole, whole))
