"""A batch in parts learns what the whole batch learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.trainers import FEW_SMALL_STEPS, maze_trainer

SMALL = {**FEW_SMALL_STEPS, "train.precision": "float64"}


def trained(model: str, **execution: Any) -> tuple[dict[str, torch.Tensor], list[Any]]:
    settings = SMALL | {f"execution.{key}": value for key, value in execution.items()}
    trainer = maze_trainer(settings, model)
    for _ in range(4):
        trainer.train_step()
    trainer.log()
    return trainer.model.state_dict(), list(trainer.curve[-1].values())


@pytest.mark.parametrize("model", ["trm", "hrm", "urm", "se-rrm"])
def test_parts_of_any_size_add_up_to_the_whole(model: str) -> None:
    whole, curve = trained(model)
    for size in (3, 1):
        weights, its_curve = trained(model, micro_batch=size)
        for name, weight in whole.items():
            torch.testing.assert_close(weights[name], weight, rtol=1e-8, atol=1e-10)
        assert its_curve == pytest.approx(curve, rel=1e-9, nan_ok=True)
