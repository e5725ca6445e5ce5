"""Stored rows summed up cell by cell: the values that every table and picture shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trmbench.comparison.naming import names_of, overrides_of
from trmbench.comparison.scores import (
    PuzzleSet,
    ScoreReader,
    metric_of,
    scored_alike,
)
from trmbench.spec.metrics import PRIMARY
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, data_of, split_of
from trmbench.stats import CellMoments, Interval, interval, moments
from trmbench.stats.intervals import PUZZLES_LIKE_THESE
from trmbench.store import Store

HEADLINE = "test"
"""The split that counts."""


@dataclass(frozen=True, eq=False)
class CellSummary:
    """One cell as tested in one way."""

    cell_id: str
    evaluation_id: str
    model: str
    task: str
    preset: str
    name: str
    """The model, and what sets this cell apart from its preset and from its neighbours."""
    overrides: Mapping[str, Any]
    """What differs from the preset."""
    metric: str
    trials: tuple[Row, ...]
    """The finished trials' rows."""
    failed: tuple[Row, ...]
    """The rows of the trials that are not finished."""
    unread: tuple[Row, ...]
    """The rows of the finished trials whose scores could not be used."""
    left_out: tuple[str, ...]
    """A line for each of them."""
    puzzle_set: PuzzleSet | None
    """What the trials were tested on."""
    moments: CellMoments
    """Moments of the metric, seeds by puzzles, in 0..1."""

    @property
    def split(self) -> str:
        """The split that the trials were tested on."""
        return split_of(self.rows[0])

    @property
    def tested_on(self) -> str:
        """The task, and the split where it is not the one that counts."""
        return named(self.task, self.split)

    @cached_property
    def interval(self) -> Interval:
        """The interval of the metric over seeds, on this test set."""
        return interval(self.moments)

    @cached_property
    def population(self) -> Interval:
        """The interval of the metric over seeds, on puzzles like these."""
        return interval(self.moments, PUZZLES_LIKE_THESE)

    @property
    def puzzles(self) -> int:
        """The number of scored puzzles (or groups of them); 0 without a finished trial."""
        return len(self.puzzle_set) if self.puzzle_set else 0

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all trials, finished or not."""
        return (*self.trials, *self.failed, *self.unread)

    @cached_property
    def is_last(self) -> bool:
        """Whether these are the last weights of trainings that selected others by held-out puzzles.

        They stand next to the selected ones, and are compared with no other model.
        """
        chose = self.config.get("train", {}).get("select", "last") != "last"
        return chose and self.config.get("evaluation", {}).get("checkpoint") == "last"

    @cached_property
    def config(self) -> dict[str, dict[str, Any]]:
        """The resolved configuration, `execution` as in the first trial."""
        config: dict[str, dict[str, Any]] = json.loads(self.rows[0]["config"] or "{}")
        return config

    def mean(self, column: str) -> float:
        """Average a column over the finished trials; NaN where it was not measured."""
        values = [row[column] for row in self.trials if row[column] is not None]
        return float(np.mean(values)) if values else float("nan")

    @cached_property
    def by_step(self) -> np.ndarray:
        """(K, S) exact accuracy after each supervision step, of the trials that recorded it."""
        lists = [row["exact_accuracy_by_step"] for row in self.trials]
        lists = [steps for steps in lists if steps and len(steps) == len(lists[0] or ())]
        return np.array(lists, dtype=np.float64) if lists else np.empty((0, 0))


def named(task: str, split: str) -> str:
    """Name a task, and the split where it is not the one that counts."""
    return task if split == HEADLINE else f"{task} [{split}]"


def summarize(store: Store, rows: Iterable[Row], metric: str = PRIMARY) -> list[CellSummary]:
    """Sum up trials' rows by cell, in the order in which the cells first appear."""
    return summarize_with(ScoreReader(store, metric), rows, metric)


def summarize_with(reader: ScoreReader, rows: Iterable[Row], metric: str) -> list[CellSummary]:
    """Do as `summarize`, with a reader that is used further.

    Where a task counts every right answer now and counted the label alone before, its earlier
    trials are scored as the later ones.
    """
    rows = list(rows)
    if metric == PRIMARY:
        rows = scored_alike(rows)
    groups = _poolable(rows, metric)
    names = names_of([group[0] for group in groups])
    return [
        _summary(reader, group, name, metric) for group, name in zip(groups, names, strict=True)
    ]


def _poolable(rows: Sequence[Row], metric: str) -> list[list[Row]]:
    """Group the rows by cell, by its test, by its data, and by the figure that is its score.

    Rows of an earlier version of a task may have another figure than later ones, and may have had
    other data by the same name; rows that are not finished go with the latest.
    """

    def cell(row: Row) -> tuple[str, str]:
        return row["cell_id"], row["evaluation_id"]

    finished = [row for row in rows if row["status"] == FINISHED]
    latest = {cell(row): (metric_of(row), data_of(row)) for row in finished}
    groups: dict[tuple[tuple[str, str], str | None, str | None], list[Row]] = {}
    for row in rows:
        own = (metric_of(row), data_of(row)) if row["status"] == FINISHED else latest.get(cell(row))
        scored_by, data = own or (None, None)
        key = (cell(row), scored_by if metric == PRIMARY else metric, data)
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def _summary(reader: ScoreReader, rows: list[Row], name: str, metric: str) -> CellSummary:
    finished = sorted((r for r in rows if r["status"] == FINISHED), key=lambda row: row["seed"])
    failed = tuple(row for row in rows if row["status"] != FINISHED)
    found = reader.read(finished)
    tested = {row["trial_id"] for row in found.tested}
    first = (finished or rows)[0]
    return CellSummary(
        cell_id=first["cell_id"],
        evaluation_id=first["evaluation_id"],
        model=first["model"],
        task=first["task"],
        preset=first["preset"],
        name=name,
        overrides=overrides_of(first),
        metric=metric_of(first) if metric == PRIMARY else metric,
        trials=found.tested,
        failed=failed,
        unread=tuple(row for row in finished if row["trial_id"] not in tested),
        left_out=found.left_out,
        puzzle_set=found.puzzles,
        moments=moments(found.scores, failed=len(failed))
        if found.puzzles
        else CellMoments(np.empty(0), np.empty(0), float("nan"), len(failed)),
    )
