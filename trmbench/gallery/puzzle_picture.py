"""One test puzzle of a stored trial, drawn: its demonstrations, the right answer, the votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc

from trmbench.gallery.drawing import draw, mark
from trmbench.gallery.frames import Frame
from trmbench.gallery.nearest import nearest_right
from trmbench.gallery.sections import Picture, Section
from trmbench.gallery.stored_puzzle import StoredPuzzle
from trmbench.report.words import percent

TOP_VOTES = 5


def puzzle_picture(found: StoredPuzzle) -> Picture:
    """Draw a puzzle and the trial's answer."""
    parts = [
        Section("Demonstrations", list(_demonstrations(found))),
        _question(found),
        Section("Most votes", list(_votes(found))),
    ]
    return Picture(found.title, [section for section in parts if section.frames])


def _demonstrations(found: StoredPuzzle) -> Iterator[Frame]:
    task = found.parts.task
    for number, pair in enumerate(task.demonstrations(found.id), start=1):
        question, answer = (draw(task.render(tokens)) for tokens in pair)
        yield Frame(str(number), {"question": question, "answer": answer})


def _question(found: StoredPuzzle) -> Section:
    row, task, label = found.stored_row(), found.parts.task, found.puzzle.labels[0]
    question, answer = found.puzzle.inputs[0], np.frombuffer(row["answer"], np.uint8)
    nearest = draw(task.render(nearest_right(task, question, label, answer)))
    drawings = {
        "question": draw(task.render(question)),
        "right": draw(task.render(label)),
        "answer": mark(draw(task.render_answer(answer, label)), None, nearest),
    }
    title = (
        f"{_verdict(row)}, score {row['score']:g}, confidence {percent(row['halt_probability'])}"
    )
    return Section(
        title.capitalize() + _candidates(row),
        [Frame(name, {"": d}) for name, d in drawings.items()],
    )


def _verdict(row: Mapping[str, Any]) -> str:
    if row["abstained"]:
        return "no answer given"
    return "exactly right" if row["exact"] else "valid" if row["valid"] else "wrong"


def _candidates(row: Mapping[str, Any]) -> str:
    """Say how many candidates, or votes, are right, and how many of the right answers they are."""
    if row["candidates"] is None:
        return ""
    every = "" if row["solutions"] is None else f" of {row['solutions']:,}"
    right = f"{row['candidates_right']:,} of {row['candidates']:,} candidates right"
    answers = "answer" if row["distinct_right"] == 1 and not every else "answers"
    return f"; {right}, {row['distinct_right']:,}{every} different right {answers}"


def _votes(found: StoredPuzzle) -> Iterator[Frame]:
    """Draw the answers that most augmented copies gave, best first, as they were written."""
    columns = ["puzzle_id", "answer", "votes", "mean_halt_probability"]
    table = found.store.read("votes", columns, [found.trial.name])
    answers = table.filter(pc.equal(table["puzzle_id"], found.id))
    cast = pc.sum(answers["votes"]).as_py()
    for place, row in enumerate(answers.slice(0, TOP_VOTES).to_pylist(), start=1):
        tokens = np.frombuffer(row["answer"], np.uint8)
        verdict = (
            "right" if found.parts.task.verify(found.puzzle.inputs, tokens[None])[0] else "wrong"
        )
        name = f"halts with {percent(row['mean_halt_probability'])}, {verdict}"
        shown = draw(found.parts.task.render_answer(tokens, found.puzzle.labels[0]))
        yield Frame(f"{place}. {row['votes']:,} of {cast:,} votes", {name: shown})
