"""A training step never waits for the device, nor does a test step, shown on torch's `meta` device.

That device has no numbers to wait for: whatever reads one (`item`, `tolist`, `nonzero`, a Boolean
index) raises there, and so does an operation on tensors of two devices. Copies from the processor
are noticed by the modes below.
"""

from __future__ import annotations

import traceback
from typing import Any

import pytest
import torch
from helpers.meta import META, train_on_meta
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from trmbench.experiment.cells import choose_cells
from trmbench.spec import Batch
from trmbench.training.metrics import RunningMetrics
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts
from trmbench.trial.solver import solver_of

OURS = ("/trmbench/", "/trmbench_")


def line_of_ours() -> str:
    stack = traceback.extract_stack()
    frame = [each for each in stack if any(part in each.filename for part in OURS)][-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"


class Copies(TorchDispatchMode):
    """Notes the lines that copy between the processor and the device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if (name := func._schema.name) in ("aten::_to_copy", "aten::copy_"):
            source = args[name == "aten::copy_"]
            if source.device != out.device:
                self.found.append(f"{source.device} to {out.device}: {line_of_ours()}")
        return out


class Waits(Copies):
    """Notes also the lines that ask the device which puzzles are left: two each time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.nonzero.default:
            self.asked.append(line_of_ours())
            return torch.empty((2, 1), dtype=torch.long, device=META)
        return super().__torch_dispatch__(func, types, args, kwargs)


class Lists(TorchFunctionMode):
    """Notes the lines that make a tensor on the device from Python numbers: a copy, too."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == META:
            self.found.append(f"list to {META}: {line_of_ours()}")
        return func(*args, **kwargs)


@pytest.fixture(autouse=True)
def on_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    train_on_meta(monkeypatch)


def parts_of(model: str, task: str, **settings: Any) -> TrialParts:
    small = {"train.steps": 100, "train.batch_size": 8, "model.width": 16, **settings}
    [cell] = choose_cells([model], [task], "mini", None, small).cells
    return TrialParts(cell.trial(0, "unused"))


def trainer(model: str, task: str, **settings: Any) -> Trainer:
    return parts_of(model, task, **settings).trainer()


def waits(trained: Trainer) -> list[str]:
    """The lines of one training step, after the first, that copy."""
    trained.train_step()  # makes the optimiser's state, and moves the order of the data
    with Copies() as copies, Lists(copies.found):
        trained.train_step()
    return copies.found


@pytest.mark.parametrize("task", ["sudoku", "maze", "nonogram", "arc1", "coloring", "queens"])
def test_no_task_makes_a_training_step_wait(task: str) -> None:
    assert waits(trainer("trm", task, **{"model.puzzle_positions": 1})) == []


@pytest.mark.parametrize("model", ["hrm", "direct", "urm", "eqr", "cgar", "se-rrm"])
def test_no_model_makes_a_training_step_wait(model: str) -> None:
    assert waits(trainer(model, "sudoku")) == []


def test_neither_clipping_nor_muon_makes_a_training_step_wait() -> None:
    settings = {"train.clip": 1.0, "train.label_smoothing": 0.1, "train.optimizer": "muon"}
    trained = trainer("trm", "sudoku", **settings)
    assert waits(trained) == []


def test_nor_does_a_step_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {"sums": [0.0] * 7, "steps": 0}
    monkeypatch.setattr(RunningMetrics, "state_dict", lambda self: sums)
    trained = trainer("trm", "sudoku")
    trained.train_step()

    class Kept:
        def save(self, step: int, tensors: dict[str, Any], values: dict[str, Any]) -> None:
            here = {name: torch.zeros(t.shape, dtype=t.dtype) for name, t in tensors.items()}
            trained.restore(here, values)

    trained.save(Kept())  # type: ignore[arg-type]
    assert waits(trained) == []


def waits_of_test(early_exit: int | None, model: str) -> tuple[list[str], int]:
    """The lines that wait while a batch is answered, those that copy first; and its steps."""
    parts = parts_of(model, "sudoku", **{"evaluation.early_exit": early_exit})
    solver = solver_of(parts)
    tokens = torch.zeros((8, parts.task.info.seq_len), dtype=torch.long, device=META)
    batch = Batch(tokens, tokens, tokens[:, 0], tokens[:, 0])
    with Waits() as waits, Lists(waits.found):
        answers = solver.predict(batch, torch.Generator())
    steps = max(answers.by_depth or [parts.model.max_steps])
    return waits.found + waits.asked, steps


@pytest.mark.parametrize("model", ["trm", "urm", "eqr", "se-rrm"])
def test_no_step_of_a_test_waits(model: str) -> None:
    assert waits_of_test(None, model)[0] == []


@pytest.mark.parametrize(("model", "patience"), [("trm", 0), ("eqr", 2)])
def test_an_early_exit_waits_once_a_step(model: str, patience: int) -> None:
    """One wait a step is the least: only the device knows how large the next step's batch is."""
    found, steps = waits_of_test(patience, model)
    assert steps > 1 and len(found) == steps
    assert all(line.startswith("early_exit.py") for line in found)
