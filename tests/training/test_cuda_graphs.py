"""CUDA graphs overwrite what they gave before; here, without a GPU, something else does so."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.trainers import FEW_SMALL_STEPS, maze_trainer
from torch import Tensor
from torch.utils._pytree import tree_iter

from trmbench.cli.main import run_command
from trmbench.training.trainer import Trainer

SMALL = {**FEW_SMALL_STEPS, "execution.device": "cpu"}


class Overwriting:
    """A step as CUDA graphs compute it: each call spoils what the last one left behind."""

    def __init__(self) -> None:
        self.trainer: Trainer | None = None
        self.modes: list[str | None] = []
        self.results: list[Tensor] = []
        self.gradients: dict[str, int] = {}

    def compile(self, function: Callable[..., Any], mode: str | None = None, **_: Any) -> Any:
        self.modes.append(mode)
        return function if mode is None else lambda *given: self.call(function, *given)

    def call(self, function: Callable[..., Any], *given: Any) -> Any:
        copied = [g if g is None else torch.utils._pytree.tree_map(self.copied, g) for g in given]
        found = function(*copied)
        for old in self.results:
            if old.is_floating_point():
                old.detach().fill_(math.nan)
        self.results = [each for each in tree_iter(found) if isinstance(each, Tensor)]
        return found

    @staticmethod
    def copied(tensor: Any) -> Any:
        """The input buffers of a graph are its own; puzzle embeddings need their gradient."""
        return tensor.clone() if isinstance(tensor, Tensor) else tensor

    def spoil_gradients(self, weights: dict[str, Tensor]) -> None:
        """Spoil the gradients that still lie where the last backward pass wrote them."""
        for name, weight in weights.items():
            if weight.grad is not None and self.gradients.get(name) == weight.grad.data_ptr():
                weight.grad.fill_(math.nan)
        self.gradients = {}


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> Overwriting:
    monkeypatch.setattr("trmbench.trial.build.require_graphs", lambda device: None)
    spoiler = Overwriting()
    monkeypatch.setattr(torch, "compile", spoiler.compile)
    backward = torch.autograd.backward

    def noted(*given: Any) -> None:
        assert spoiler.trainer is not None
        if not spoiler.trainer.execution.compile:
            return backward(*given)
        weights = dict(spoiler.trainer.weights)
        before = {name for name, weight in weights.items() if weight.grad is not None}
        spoiler.spoil_gradients(weights)
        backward(*given)
        spoiler.gradients = {
            name: weight.grad.data_ptr()
            for name, weight in weights.items()
            if weight.grad is not None and name not in before
        }

    monkeypatch.setattr(torch.autograd, "backward", noted)
    return spoiler


@pytest.mark.parametrize("model", ["trm", "hrm"])
@pytest.mark.parametrize("micro_batch", [None, 3])
def test_what_the_next_step_overwrites_is_copied(
    model: str, micro_batch: int | None, graphs: Overwriting
) -> None:
    def weights(**execution: Any) -> dict[str, Tensor]:
        settings = {**SMALL, "execution.micro_batch": micro_batch}
        settings |= {f"execution.{key}": value for key, value in execution.items()}
        graphs.trainer = trainer = maze_trainer(settings, model)
        for _ in range(4):
            trainer.train_step()
        trainer.log()
        return {name: weight.detach().clone() for name, weight in trainer.weights.items()}

    found = weights(compile="graphs")
    assert graphs.modes == ["reduce-overhead", None, None, None]
    plain = weights()
    assert all(torch.equal(weight, plain[name]) for name, weight in found.items())


def test_graphs_are_refused_to_a_cpu_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["run", "--model=trm", "--task=maze", "--preset=mini", f"--results={tmp_path}"]
    assert run_command([*run, "--device=cpu", "--set=execution.compile=graphs"]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "execution.compile=graphs needs a CUDA GPU, and this is cpu" in line
