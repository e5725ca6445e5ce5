"""A batch in parts learns what the whole batch learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from trmbench.assembly import Assembly
from trmbench.experiment import choose_cells

SMALL = {
    "task.train_puzzles": 24,
    "task.test_puzzles": 8,
    "train.steps": 4,
    "train.batch_size": 8,
    "train.warmup_steps": 1,
    "train.precision": "float64",
    "model.width": 16,
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def trained(model: str, **execution: Any) -> tuple[dict[str, torch.Tensor], list[Any]]:
    settings = SMALL | {f"execution.{key}": value for key, value in execution.items()}
    [cell] = choose_cells([model], ["maze"], "mini", None, settings).cells
    parts = Assembly(cell.trial(0, "unused"), train_base=lambda trial: None)
    trainer = parts.trainer()
    for _ in range(4):
        trainer.train_step()
    trainer.log()
    return trainer.model.state_dict(), list(trainer.curve[-1].values())


@pytest.mark.parametrize("model", ["trm", "hrm"])
def test_parts_of_any_size_add_up_to_the_whole(model: str) -> None:
    whole, curve = trained(model)
    for size in (3, 1):
        weights, its_curve = trained(model, micro_batch=size)
        for name, weight in whole.items():
            torch.testing.assert_close(weights[name], weight, rtol=1e-8, atol=1e-10)
        assert its_curve == pytest.approx(curve, rel=1e-9, nan_ok=True)
