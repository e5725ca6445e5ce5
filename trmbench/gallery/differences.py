"""The puzzles on which two models differ most, drawn by their task."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Difference, Group
from trmbench.errors import one_line
from trmbench.gallery.drawing import draw, mark, to_html
from trmbench.gallery.nearest import nearest_right
from trmbench.gallery.strips import frames
from trmbench.plugin import registry
from trmbench.report.page import DrawnPuzzle, Gallery
from trmbench.report.words import percent
from trmbench.spec import Task, row_name
from trmbench.store import Store
from trmbench.store.final import has_final

if TYPE_CHECKING:  # it loads torch
    from trmbench.gallery.stored_puzzle import StoredPuzzle

PAIRS = 3
EACH = 2


@contextmanager
def _offline() -> Iterator[None]:
    """Keep tasks that fetch their data from doing so: a report needs no network."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before


@_offline()
def draw_differences(store: Store, compared: ComparedCells) -> list[Gallery]:
    """Draw a gallery per group; a task that cannot be loaded here gets a note instead."""
    return [_gallery(store, group) for group in compared.groups]


def _gallery(store: Store, group: Group) -> Gallery:
    pairs = [d for d in group.differences if d.comparison and d.a.puzzle_set is d.b.puzzle_set]
    pairs.sort(key=lambda d: -abs(d.comparison.estimate.difference) if d.comparison else 0.0)
    if not pairs:
        return Gallery()
    try:
        task = _load(group)
        return Gallery(tuple(_draw_all(store, task, group.split, pairs[:PAIRS])))
    except Exception as error:  # a plugin may raise anything, and the rest of the report stands
        return Gallery(note=f"The puzzles are not drawn: {one_line(error)}")


def _load(group: Group) -> Task:
    """The task as the group's trials had it."""
    cell = next(cell for cell in group.cells if cell.trials)
    spec = registry.tasks().find(group.task).spec
    task: Task = spec.load(spec.options(**cell.config.get("task", {})))
    data = json.loads(cell.trials[0]["provenance"] or "{}").get("data") or {}
    if data.get("fingerprint") != task.info.fingerprint:
        raise ValueError("the task's data here is not what the trials were tested on")
    return task


def _draw_all(
    store: Store, task: Task, split: str, pairs: Iterable[Difference]
) -> Iterator[DrawnPuzzle]:
    """Draw each puzzle once, with the answers of all the models that differ on it."""
    table = task.split(split)
    row_of = {puzzle_id: row for row, puzzle_id in enumerate(table.puzzle_ids.tolist())}
    answering: dict[CellSummary, _Answering] = {}
    for puzzle_id, shares in _most_different(pairs).items():
        question, label = table.inputs[row_of[puzzle_id]], table.labels[row_of[puzzle_id]]
        drawings = {"question": to_html(draw(task.render(question)))}
        drawings["right"] = to_html(draw(task.render(label)))
        steps = {}
        for cell in shares:
            if cell not in answering:
                answering[cell] = _Answering(store, cell)
            tokens = answering[cell].answer(puzzle_id)
            shown = draw(task.render_answer(tokens, label))
            right = draw(task.render(nearest_right(task, question, label, tokens)))
            seed = cell.trials[0]["seed"]
            drawings[f"{cell.name}, seed {seed}"] = to_html(mark(shown, None, right))
            if found := answering[cell].steps(puzzle_id):
                steps[cell.name] = found
        means = ", ".join(f"{cell.name} {percent(share)}" for cell, share in shares.items())
        yield DrawnPuzzle(f"{puzzle_id}, mean over seeds: {means}", drawings, steps)


def _most_different(pairs: Iterable[Difference]) -> dict[str, dict[CellSummary, float]]:
    """Return the puzzles' ids, each with the cells that differ on it and their mean scores."""
    found: dict[str, dict[CellSummary, float]] = {}
    for pair in pairs:
        assert pair.a.puzzle_set is not None
        for unit in _units(pair):
            puzzle_id = pair.a.puzzle_set.ids[_first_puzzle(pair.a, unit)].as_py()
            for cell in (pair.a, pair.b):
                found.setdefault(puzzle_id, {})[cell] = float(cell.moments.puzzle_means[unit])
    return found


def _units(pair: Difference) -> list[int]:
    """Units that A solves more often than B, then units that B does, where there are any."""
    gap = pair.a.moments.puzzle_means - pair.b.moments.puzzle_means
    order = np.argsort(-gap, kind="stable")
    most = [int(unit) for unit in order[:EACH] if gap[unit] > 0]
    return most + [int(unit) for unit in order[::-1][:EACH] if gap[unit] < 0]


def _first_puzzle(cell: CellSummary, unit: int) -> int:
    groups = cell.puzzle_set.groups if cell.puzzle_set else None
    return unit if groups is None else int(np.flatnonzero(groups == unit)[0])


class _Answering:
    """A cell's first seed: its stored answers, and how it came to them where its weights are here.

    Args:
        store: where both are.
        cell: has a finished trial.
    """

    def __init__(self, store: Store, cell: CellSummary) -> None:
        self._store, self._row = store, cell.trials[0]
        self._table = store.read("puzzles", ["puzzle_id", "answer"], [row_name(self._row)])
        self._last: StoredPuzzle | None = None

    def answer(self, puzzle_id: str) -> np.ndarray:
        """Return the tokens (L,) uint8, without a dictionary of all answers."""
        row = pc.index(self._table["puzzle_id"], puzzle_id).as_py()
        return np.frombuffer(self._table["answer"][row].as_py(), dtype=np.uint8)

    def steps(self, puzzle_id: str) -> list[tuple[str, dict[str, str]]]:
        """Draw each step; nothing for one step, or where the trial cannot be repeated."""
        trial, evaluation = self._row["trial_id"], self._row["evaluation_id"]
        if not has_final(self._store.checkpoints(trial)):
            return []
        from trmbench.gallery.refinement import refinement  # loads torch
        from trmbench.gallery.stored_puzzle import StoredPuzzle

        self._last = (
            self._last.another(puzzle_id)
            if self._last
            else StoredPuzzle(self._store, trial, puzzle_id, evaluation)
        )
        found = refinement(self._last)
        return [frame.html() for frame in frames(found)] if len(found.answers) > 1 else []
