"""Reported accuracies, each with what it was measured on; standard library only."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from trmbench.errors import unknown


@dataclass(frozen=True)
class Figure:
    """One reported accuracy. Texts are as printed; an empty one, or None, is not known."""

    task: str
    """Name of the task as in `trmbench list tasks`."""
    benchmark: str
    """The test set."""
    model: str
    percent: float
    parameters: str
    """Weights of the network, such as 7M."""
    source: str
    """Paper and table, or who else reported it."""
    spread: float | None = None
    """Plus or minus, in points."""
    spread_kind: str = ""
    """The kind of spread, such as "sd over seeds"."""
    seeds: int | None = None
    """Trainings behind the figure."""
    train_puzzles: str = ""
    """Their number, or a text such as "full" and "960 tasks"."""
    test_puzzles: str = ""
    depth: int | None = None
    """Supervision steps at test."""
    candidates: str = ""
    """Answers among which one was chosen, or votes; such as "100" and "1000 votes"."""
    attempts: str = ""
    """Answers of which one had to be right."""
    task_memory: str = ""
    """Weights with the table of puzzle embeddings, where that was reported."""
    reported_by: str = ""
    disputed_by: str = ""
    """Who reports that the figure is not reached, or is exceeded, by the same model."""
    measured_on: str = ""
    """Own training, published weights, ..."""
    evidence: str = ""
    """text = read in the source itself, secondary = quoted elsewhere, abstract = only there."""
    note: str = ""


def published_figures(task: str | None = None) -> list[Figure]:
    """Read all figures, or the figures for one task, in the order of the file.

    Raises:
        TrmbenchError: there is none for the task.
    """
    found = list(_figures())
    if task is None:
        return found
    tasks = dict.fromkeys(figure.task for figure in found)
    if task not in tasks:
        raise unknown("task with published figures", task, tasks)
    return [figure for figure in found if figure.task == task]


def _figures() -> Iterator[Figure]:
    text = files("trmbench.published").joinpath("figures.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        texts = {name: row.pop(name) for name in ("percent", "spread", "seeds", "depth")}
        yield Figure(
            **row,
            percent=float(texts["percent"]),
            spread=float(texts["spread"]) if texts["spread"] else None,
            seeds=int(texts["seeds"]) if texts["seeds"] else None,
            depth=int(texts["depth"]) if texts["depth"] else None,
        )
