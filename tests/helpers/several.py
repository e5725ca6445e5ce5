"""Made-up cells whose puzzles have several candidates, and scores that their task names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from helpers.synthetic import add_cell

from trmbench.evaluation.ranking import auc
from trmbench.store import Store


def add_columns(root: Path, name: str, **columns: Any) -> None:
    """Give the puzzles of a trial further columns."""
    store = Store(root)
    stored = store.read("puzzles", None, [name])
    store.write("puzzles", name, {**{c: stored[c] for c in stored.column_names}, **columns})


def add_searched(root: Path, model: str, ranked: np.ndarray, **changes: Any) -> list[str]:
    """Write a cell whose model chooses by score; returns the names of its trials.

    Args:
        root: the results folder.
        model: its name.
        ranked: (seeds, P, n) whether each candidate is right, best score first; all right ones are
            different answers, of 2 n that there are.
        changes: further columns of the puzzles.
    """
    _, puzzles, count = ranked.shape
    names = []
    row = {"candidates": count}
    for trial, right in zip(add_cell(root, model, ranked[:, :, 0], row=row), ranked, strict=True):
        each = right.sum(axis=1)
        areas = [auc(-np.arange(count), one) for one in right]
        columns = {
            "candidates": [count] * puzzles,
            "candidates_right": each,
            "distinct_right": each,
            "times_found": [[1] * total for total in each.tolist()],
            "solutions": [2 * count] * puzzles,
            "mode_right": right[:, -1],
            "right_by_score": right.tolist(),
            "candidate_auc": areas,
        }
        add_columns(root, trial.name, **{**columns, **changes})
        names.append(trial.name)
    return names
