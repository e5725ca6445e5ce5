"""Activations computed again give the same numbers in less memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.trainers import maze_trainer

from trmbench import TrmbenchError
from trmbench.nn.layers import recompute_activations
from trmbench.training.trainer import Trainer

SMALL = {
    "task.train_puzzles": 64,
    "task.test_puzzles": 8,
    "train.steps": 4,
    "train.batch_size": 64,
    "train.warmup_steps": 1,
}


def trainer(model: str, **settings: Any) -> Trainer:
    return maze_trainer(SMALL | settings, model)


CHECKPOINTED = {"execution.activation_checkpointing": True}


@pytest.mark.parametrize("model", ["trm", "hrm", "direct", "urm", "se-rrm"])
def test_no_number_changes(model: str) -> None:
    plain, again = trainer(model), trainer(model, **CHECKPOINTED)
    for _ in range(2):
        plain.train_step()
        again.train_step()
    for name, weight in plain.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name]), name


def peak_bytes(tmp_path: Path, **settings: Any) -> int:
    """How far one training step raises the memory that torch has allocated."""
    chosen = trainer("trm", **settings)
    chosen.train_step()
    with torch.profiler.profile(profile_memory=True) as profile:
        chosen.train_step()
    trace = tmp_path / "trace.json"
    profile.export_chrome_trace(str(trace))
    allocated = [
        event["args"]["Total Allocated"]
        for event in json.loads(trace.read_text())["traceEvents"]
        if event.get("name") == "[memory]"
    ]
    return max(allocated) - allocated[0]


@pytest.mark.slow
def test_twice_the_updates_fit_in_the_memory_of_once(tmp_path: Path) -> None:
    depth = {"model.T": 3, "model.supervision_steps": 4}
    plain = peak_bytes(tmp_path, **depth, **{"model.n": 6})
    deeper = peak_bytes(tmp_path, **depth, **{"model.n": 12}, **CHECKPOINTED)
    assert deeper < plain
    assert peak_bytes(tmp_path, **depth, **{"model.n": 12}) > 1.5 * plain


def test_refuses_a_model_whose_parts_it_does_not_know() -> None:
    with pytest.raises(TrmbenchError, match="activation checkpointing"):
        recompute_activations(torch.nn.Linear(1, 1))
