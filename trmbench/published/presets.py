"""Settings that the presets of the papers' systems share; standard library only.

Kept in one place so that a comparison at `mini` scale gives every model the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trmbench.spec import Preset

PAPER_TRAIN: Mapping[str, Any] = {
    "batch_size": 768,
    "optimizer": "adam_atan2",
    "learning_rate": 1e-4,
    "warmup_steps": 2_000,
    "min_learning_rate_ratio": 1.0,
    "weight_decay": 1.0,
    "beta1": 0.9,
    "beta2": 0.95,
    "puzzle_learning_rate": 1e-4,
    "puzzle_weight_decay": 1.0,
    "halt_exploration": 0.1,
    "loss": "stable_max",
    "precision": "bfloat16",
}
"""`train.*` of the released commands of TRM and HRM for Sudoku and Maze."""

ARC_TASKS = ("arc1", "arc2", "arc-mini")
"""The tasks whose variants have puzzle embeddings."""

PAPER_TRAIN_ARC: Mapping[str, Any] = {
    "epochs": 100_000,
    "weight_decay": 0.1,
    "puzzle_learning_rate": 1e-2,
    "puzzle_weight_decay": 0.1,
}
"""What differs for ARC."""

MINI_NETWORK: Mapping[str, Any] = {
    "mixing": "mlp",
    "position_encoding": "none",
    "width": 48,
    "heads": 4,
    "expansion": 2.0,
    "multiple_of": 16,
    "puzzle_positions": 0,
}
"""`model.*` of a network that trains within minutes on one CPU core."""

MINI_TRAIN: Mapping[str, Any] = {
    "steps": 2_000,
    "batch_size": 32,
    "learning_rate": 3e-3,
    "warmup_steps": 100,
    "weight_decay": 0.1,
    "precision": "float32",
}
"""`train.*` for it."""

MINI_ARC = Preset(options={"puzzle_positions": 1}, train={"steps": 1_500})
"""What differs for ARC, whose variants have puzzle embeddings."""

MINI_OF_MINI_ARC = Preset(
    options={"puzzle_positions": 1, "mixing": "attention", "position_encoding": "rope"},
    train={"steps": 1_000, "batch_size": 64},
)
"""And for Mini-ARC: attention learns faster there, as in the released ARC commands."""

MINI_FOR_ARC: Mapping[str, Preset] = {
    "arc1": MINI_ARC,
    "arc2": MINI_ARC,
    "arc-mini": MINI_OF_MINI_ARC,
}
"""`Preset.for_task` of them."""

HRM_HEADLINE: Mapping[str, str] = {"arc1": "all_vote@2", "arc2": "all_vote@2"}
"""The rule of HRM's ARC figures: a task counts only when all of its test outputs are solved."""

CONCEPT_ARC: Mapping[str, Any] = {"extra": "conceptarc"}
"""`task.*` of the released ARC commands: of TRM for both tasks, of HRM for ARC-AGI-1."""

TRM_ARC_DATA: Mapping[str, Mapping[str, Any]] = {
    "arc1": CONCEPT_ARC,
    "arc2": {**CONCEPT_ARC, "version": "kaggle2025"},
    "arc-mini": {},
}
"""`task.*` of TRM's: its repository has ARC-AGI-2 in the contest's edition."""


PAPER_HRM_ARC: Mapping[str, Preset] = {
    "arc1": Preset(train=PAPER_TRAIN_ARC, task=CONCEPT_ARC),
    "arc2": Preset(train=PAPER_TRAIN_ARC),
    "arc-mini": Preset(train=PAPER_TRAIN_ARC),
}
"""`Preset.for_task` of the ARC tasks as HRM is trained on them."""
