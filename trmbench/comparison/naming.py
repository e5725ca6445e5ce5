"""Names that tell cells, and the evaluations of one cell, apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from trmbench.comparison.scores import metric_of
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, data_of, split_of
from trmbench.store.several import APART, ORIGIN

USUAL_EVALUATION = {
    "split": "test",
    "limit": None,
    "votes": 1,
    "steps": None,
    "identifiers": "own",
    "weights": "ema",
    "checkpoint": "selected",
    "early_exit": None,
    "answers": None,
}
"""The evaluation settings that set an evaluation apart, as they are without being asked for."""


def overrides_of(row: Row) -> dict[str, Any]:
    """Read what differs from the preset in what the trial learns."""
    overrides: dict[str, Any] = json.loads(row["overrides"] or "{}")
    return overrides


def unusual_evaluation(row: Row) -> dict[str, Any]:
    """Pick the evaluation settings of a stored trial that differ from the usual ones."""
    return unusual(json.loads(row["config"] or "{}").get("evaluation", {}))


def unusual(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the evaluation settings that differ from the usual ones."""
    usual = dict(USUAL_EVALUATION)
    if evaluation.get("limit") is not None:
        usual["subset"] = "first"
    return {key: evaluation[key] for key in usual if evaluation.get(key, usual[key]) != usual[key]}


def described(changes: Mapping[str, Any]) -> str:
    """Write settings for people."""
    return ", ".join(f"{key}={value}" for key, value in changes.items())


def shared_overrides(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Pick the overrides that several cells all have: one line says them for all."""
    if len(each) < 2:
        return {}
    first, *others = each
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


def names_of(firsts: Sequence[Row]) -> list[str]:
    """Find names that tell the cells of each task, preset and split apart.

    Args:
        firsts: a row of each cell as tested in one way.
    """
    shared = shared_overrides([overrides_of(row) for row in firsts])
    names = [row.get("label") or _name(row["model"], _own(row, shared)) for row in firsts]
    for distinguish in (_place, _evaluation, _scored_by, _data, _cell):
        keys = [
            (row["task"], row["preset"], split_of(row), name)
            for row, name in zip(firsts, names, strict=True)
        ]
        names = [
            _name(name, distinguish(row)) if keys.count(key) > 1 else name
            for row, key, name in zip(firsts, keys, names, strict=True)
        ]
    return names


def _name(model: str, changes: Mapping[str, Any]) -> str:
    return f"{model} ({described(changes)})" if changes else model


def _own(row: Row, shared: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in overrides_of(row).items() if key not in shared}


def _place(row: Row) -> dict[str, Any]:
    return {"from": row[ORIGIN]} if APART in row else {}


def _cell(row: Row) -> dict[str, Any]:
    return {"cell": row["cell_id"]}


def _evaluation(row: Row) -> dict[str, Any]:
    """Pick the evaluation settings that name a cell; its split stands next to its task."""
    return {key: value for key, value in unusual_evaluation(row).items() if key != "split"}


def _scored_by(row: Row) -> dict[str, Any]:
    return {"metric": metric_of(row)} if row["status"] == FINISHED else {}


def _data(row: Row) -> dict[str, Any]:
    """Pick the data where the user's files decide; two cells may differ in nothing else."""
    config = json.loads(row["config"] or "{}")
    held = data_of(row) if config.get("data") or config.get("task", {}).get("path") else None
    return {"data": held[:8]} if held else {}
