"""Stored rows summed up cell by cell: the values that every table and picture shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trmbench.stats import Interval, interval
from trmbench.store import FINISHED, Store


@dataclass(frozen=True)
class CellSummary:
    """One cell as tested in one way."""

    cell_id: str
    evaluation_id: str
    model: str
    task: str
    preset: str
    overrides: Mapping[str, Any]
    """What differs from the preset."""
    metric: str
    trials: tuple[Mapping[str, Any], ...]
    """The finished trials' rows."""
    failed: tuple[Mapping[str, Any], ...]
    """The rows of the trials that are not finished."""
    interval: Interval
    """Of the primary metric over seeds, in 0..1."""
    puzzle_ids: np.ndarray
    """(P,) str, what the trials were tested on."""
    scores: np.ndarray
    """(K, P) float64, a row per finished trial."""

    @property
    def name(self) -> str:
        """The model, and what differs from its preset."""
        changes = ", ".join(f"{key}={value}" for key, value in self.overrides.items())
        return f"{self.model} ({changes})" if changes else self.model

    def mean(self, column: str) -> float:
        """Mean of a column over the finished trials; NaN where it was not measured."""
        values = [row[column] for row in self.trials if row[column] is not None]
        return float(np.mean(values)) if values else float("nan")


def summarize(store: Store, rows: Iterable[Mapping[str, Any]]) -> list[CellSummary]:
    """The cells of some trials' rows, in the order in which they first appear."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["cell_id"], row["evaluation_id"]), []).append(row)
    return [_summary(store, group) for group in groups.values()]


def _summary(store: Store, rows: list[Mapping[str, Any]]) -> CellSummary:
    finished = sorted((r for r in rows if r["status"] == FINISHED), key=lambda row: row["seed"])
    first = (finished or rows)[0]
    puzzle_ids, scores, tested = _scores(store, finished)
    return CellSummary(
        cell_id=first["cell_id"],
        evaluation_id=first["evaluation_id"],
        model=first["model"],
        task=first["task"],
        preset=first["preset"],
        overrides=json.loads(first["overrides"] or "{}"),
        metric=first["primary_metric"] or "score",
        trials=tuple(tested),
        failed=tuple(row for row in rows if row["status"] != FINISHED),
        interval=interval(scores),
        puzzle_ids=puzzle_ids,
        scores=scores,
    )


def _scores(
    store: Store, trials: list[Mapping[str, Any]]
) -> tuple[np.ndarray, np.ndarray, list[Mapping[str, Any]]]:
    """Puzzle ids (P,), scores (K, P), and the K trials whose puzzles' rows could be read."""
    puzzle_ids: np.ndarray | None = None
    scores, tested = [], []
    for row in trials:
        name = f"{row['trial_id']}-{row['evaluation_id']}"
        table = store.read("puzzles", ["puzzle_id", "score"], [name])
        ids = table["puzzle_id"].to_numpy()
        if puzzle_ids is None and len(ids):
            puzzle_ids = ids
        if puzzle_ids is not None and np.array_equal(ids, puzzle_ids):
            scores.append(table["score"].to_numpy())
            tested.append(row)
    if puzzle_ids is None:
        return np.array([], dtype=str), np.empty((0, 0)), []
    return puzzle_ids, np.stack(scores), tested
