"""Trainers of small maze trials, in the process of the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from trmbench.experiment.cells import choose_cells
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts

FEW_SMALL_STEPS = {
    "task.train_puzzles": 24,
    "task.test_puzzles": 8,
    "train.steps": 4,
    "train.batch_size": 8,
    "train.warmup_steps": 1,
    "model.width": 16,
}


def maze_trainer(settings: Mapping[str, Any], model: str = "trm", seed: int = 0) -> Trainer:
    """Build the trainer of a `mini` trial with these settings, on one thread."""
    torch.set_num_threads(1)
    [cell] = choose_cells([model], ["maze"], "mini", None, settings).cells
    return TrialParts(cell.trial(seed, "unused")).trainer()
