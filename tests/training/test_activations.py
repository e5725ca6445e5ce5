from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench.experiment.cells import choose_cells
from trmbench.testing import run_one
from trmbench.training.activations import activation_bytes
from trmbench.trial.build import TrialParts


def kept(batch: int, **settings: Any) -> int:
    small = {"task.train_puzzles": 8, "task.test_puzzles": 8, "train.batch_size": 8}
    [cell] = choose_cells(["trm"], ["maze"], "mini", None, small | settings).cells
    parts = TrialParts(cell.trial(0, "unused"))
    return activation_bytes(parts.model, batch, 36, torch.float32, "stable_max")


def test_a_one_step_gradient_keeps_the_activations_of_two_network_calls() -> None:
    growth = {
        gradient: kept(9, **{"model.n": 5, "model.gradient": gradient})
        - kept(8, **{"model.n": 5, "model.gradient": gradient})
        for gradient in ("full", "one_step")
    }
    assert growth["full"] / growth["one_step"] == pytest.approx(6 / 2, rel=0.15)


def test_counting_with_two_puzzles_gives_what_a_whole_batch_keeps() -> None:
    from trmbench.training.activations import _kept

    [cell] = choose_cells(["trm"], ["maze"], "mini", None, {"task.train_puzzles": 8}).cells
    model = TrialParts(cell.trial(0, "unused")).model
    whole = _kept(model, 16, 36, torch.float32, "stable_max")
    assert activation_bytes(model, 16, 36, torch.float32, "stable_max") == whole


def tensors_alive() -> int:
    gc.collect()
    return sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects())


def test_a_trial_leaves_no_tensors_behind(tmp_path: Path) -> None:
    settings = {"task.train_puzzles": 8, "task.test_puzzles": 8, "train.batch_size": 8}
    alive = []
    for trial in range(4):
        run_one("trm", "maze", tmp_path / str(trial), overrides={**settings, "train.steps": 2})
        alive.append(tensors_alive())
    assert max(alive[2:]) <= alive[1]  # the first makes what is made once for all
