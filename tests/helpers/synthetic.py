"""Results folders made up for tests: known scores, no training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from trmbench.spec import Trial
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.store import Store

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
EVALUATION = {"limit": None, "votes": 1, "steps": None, "weights": "ema", "batch_size": 256}
PROVENANCE = {
    "python": "3.11.7",
    "cpu": "A processor",
    "packages": {"torch": "2.6.0"},
    "data": {"fingerprint": "f00d", "source": "made up"},
}


def bernoulli(seeds: int, puzzles: int, share: float, salt: int = 0) -> np.ndarray:
    """(seeds, puzzles) bool, right with probability `share`."""
    return np.random.default_rng([salt, seeds, puzzles]).random((seeds, puzzles)) < share


@patch("os.fsync", lambda descriptor: None)  # nothing here has to survive a power cut
def add_cell(
    root: Path | str,
    model: str,
    scores: np.ndarray,
    *,
    task: str = "maze",
    preset: str = "mini",
    puzzle_ids: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    overrides: dict[str, Any] | None = None,
    evaluation: dict[str, Any] | None = None,
    provenance: dict[str, Any] | None = None,
    metric: str = "exact_accuracy",
    steps: int = 4,
    row: dict[str, Any] | None = None,
    cell_id: str | None = None,
) -> list[Trial]:
    """Write a cell with a trial per row of scores (K, P); rows of NaN become failed trials."""
    store = Store(root)
    how = {**EVALUATION, **(evaluation or {})}
    changes = overrides or {}
    cell = cell_id or short_hash(f"{task}-{preset}-{model}-{json.dumps(changes)}")
    config = {
        "task": {"size": 6},
        "model": {"n": 2, **{k.removeprefix("model."): v for k, v in changes.items()}},
        "train": {"steps": 100},
        "evaluation": how,
        "execution": {"device": "auto"},
    }
    trials = []
    for seed, right in enumerate(np.asarray(scores)):
        trial = Trial(
            trial_id=trial_hash(cell, seed),
            cell_id=cell,
            evaluation_id=short_hash(how),
            model=model,
            task=task,
            preset=preset,
            seed=seed,
            config=config,
            overrides=changes,
            results=str(root),
        )
        trials.append(trial)
        started = {"started_at": STARTED + timedelta(minutes=len(list(store.root.rglob("*"))))}
        if np.isnan(right.astype(float)).all():
            store.write_trial(trial, {**started, "status": "failed", "error": "out of memory"})
            continue
        by_step = _by_step(np.asarray(right) == 1, steps)
        _write_finished(store, trial, right, puzzle_ids, groups, by_step)
        mean = float(np.mean(right))
        figures = {
            "status": "finished",
            "primary_metric": metric,
            "score": mean,
            "exact_accuracy": mean,
            "exact_accuracy_by_step": by_step.mean(axis=1).tolist(),
            "test_puzzles": len(right),
            "train_steps": 100,
            "train_seconds": 60.0 + seed,
            "peak_memory_bytes": 5 * 10**8,
            "parameters": 30_000,
            "device": "cpu",
            "provenance": json.dumps({**PROVENANCE, **(provenance or {})}),
        }
        store.write_trial(trial, {**started, **figures, **(row or {})})
    return trials


def _by_step(exact: np.ndarray, steps: int) -> np.ndarray:
    """(steps, P) bool: of the puzzles that are solved, ever more after each step."""
    solved_at = np.arange(len(exact)) % steps
    return np.stack([exact & (solved_at <= step) for step in range(steps)])


def _write_finished(
    store: Store,
    trial: Trial,
    right: np.ndarray,
    puzzle_ids: Sequence[str] | None,
    groups: Sequence[str] | None,
    by_step: np.ndarray,
) -> None:
    count = len(right)
    ids = list(puzzle_ids) if puzzle_ids is not None else [f"p{i:05}" for i in range(count)]
    exact = (np.asarray(right) == 1).tolist()
    store.write(
        "puzzles",
        trial.name,
        {
            "trial_id": [trial.trial_id] * count,
            "evaluation_id": [trial.evaluation_id] * count,
            "puzzle_id": ids,
            "group": list(groups) if groups is not None else ids,
            "score": np.asarray(right, dtype=np.float64),
            "exact": exact,
            "valid": exact,
            "cell_accuracy": np.where(right, 1.0, 0.5),
            "halt_probability": np.full(count, 0.5, dtype=np.float32),
            "exact_by_step": by_step.T.tolist(),
            "answer": [b"\1" * 36] * count,
        },
    )
    points = range(0, 101, 10)
    store.write(
        "curves",
        trial.trial_id,
        [
            {
                "trial_id": trial.trial_id,
                "step": step,
                "seconds": step / 2,
                "loss": 2.0 - step / 100,
            }
            | {"exact_accuracy": step / 200, "cell_accuracy": step / 100}
            for step in points
        ],
    )
