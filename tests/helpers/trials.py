"""Small trials that a test runs in its own process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trmbench.experiment.cells import choose_cells
from trmbench.experiment.plan import plan
from trmbench.spec import Trial
from trmbench.store import Store

SMALL = {
    "task.train_puzzles": 20,
    "task.test_puzzles": 4,
    "train.steps": 6,
    "train.batch_size": 4,
    "model.width": 16,
    "model.mixing": "mlp",
    "execution.device": "cpu",
}


def maze_trials(folder: Path, seeds: int = 3, **changes: Any) -> list[Trial]:
    """Seeds of one TRM on mazes, to be stacked; `changes` have `__` for the dot of a setting."""
    settings = {**SMALL, "execution.stack_seeds": True}
    settings |= {key.replace("__", "."): value for key, value in changes.items()}
    cells = choose_cells(["trm"], ["maze"], "mini", None, settings).cells
    return list(plan(cells, range(seeds), Store(folder)).trials)


def stack_of(trials: list[Trial]) -> Trial:
    """The first of the trials, with the others stacked on it."""
    return replace(trials[0], stacked=tuple(trial.seed for trial in trials[1:]))
