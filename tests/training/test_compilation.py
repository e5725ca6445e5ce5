"""A compiled step learns what the plain one learns."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

import pytest
import torch
from helpers.trainers import FEW_SMALL_STEPS, maze_trainer

from trmbench.errors import TrmbenchError
from trmbench.nn import rms_norm
from trmbench.training.compilation import compare_gradients, compiled
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer

SMALL = {**FEW_SMALL_STEPS, "model.layers": 1, "model.n": 1, "execution.device": "cpu"}


def trainer(seed: int = 0, **execution: Any) -> Trainer:
    settings = SMALL | {f"execution.{key}": value for key, value in execution.items()}
    return maze_trainer(settings, seed=seed)


def after_steps(trained: Trainer | StackedTrainer) -> dict[str, torch.Tensor]:
    for _ in range(4):
        trained.train_step()
    return {name: weight.detach().clone() for name, weight in trained.weights.items()}


needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")


@needs_compiler
@pytest.mark.slow
def test_a_compiled_trial_has_the_weights_of_a_plain_one() -> None:
    plain, fast = trainer(), trainer(compile=True)
    expected = after_steps(plain)
    for name, weight in after_steps(fast).items():
        torch.testing.assert_close(weight, expected[name], rtol=1e-4, atol=1e-5)
    plain.log()
    fast.log()
    figures = [list(each.curve[-1].values()) for each in (plain, fast)]
    assert figures[1] == pytest.approx(figures[0], rel=1e-4, nan_ok=True)


@needs_compiler
@pytest.mark.slow
def test_a_compiled_stack_has_the_weights_of_a_plain_one() -> None:
    plain = after_steps(StackedTrainer([trainer(seed) for seed in (0, 1)]))
    stack = StackedTrainer([trainer(seed, compile=True) for seed in (0, 1)])
    for name, weight in after_steps(stack).items():
        torch.testing.assert_close(weight, plain[name], rtol=1e-4, atol=1e-5)


@needs_compiler
def test_the_steps_of_many_cells_are_all_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))

    def is_compiled(x: torch.Tensor) -> torch.Tensor:
        return x + torch.compiler.is_compiling()

    step = compiled(is_compiled, torch.device("cpu"))
    assert [int(step(torch.zeros(size))[0]) for size in range(2, 22)] == [1] * 20


def test_a_missing_compiler_is_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TrmbenchError, match="needs a C\\+\\+ compiler on a CPU, and there is no"):
        trainer(compile=True)


@needs_compiler
@pytest.mark.parametrize("backend", ["eager", pytest.param("aot_eager", marks=pytest.mark.slow)])
def test_a_compiled_step_that_loses_a_gradient_is_stopped(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(x: torch.Tensor, dim: int) -> torch.Tensor:
        return rms_norm(x.detach() if torch.compiler.is_compiling() else x, dim)

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    trainer(compile=True).train_step()
    monkeypatch.setattr("trmbench.nn.swiglu.rms_norm", forgetful)
    expected = r"other gradients than plain, of \d+ of 8 weights, such as .* \(leave execution"
    with pytest.raises(TrmbenchError, match=expected):
        trainer(compile=True).train_step()


@needs_compiler
def test_the_comparison_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    compared = after_steps(trainer(compile=True))
    monkeypatch.setattr("trmbench.training.step.compare_gradients", lambda *_: None)
    for name, weight in after_steps(trainer(compile=True)).items():
        assert torch.equal(weight, compared[name])


@pytest.mark.parametrize(("size", "most"), [(torch.float64, 1e-6), (torch.bfloat16, 0.5)])
def test_rounding_is_forgiven_by_precision(size: torch.dtype, most: float) -> None:
    plain = {"weight": torch.ones(4), "tiny": torch.full((4,), 1e-13)}
    near = {"weight": plain["weight"] * (1 + most / 2), "tiny": -plain["tiny"]}
    compare_gradients(plain, near, size)
    for wrong in (plain["weight"] * (1 + 2 * most), plain["weight"] * torch.nan, None):
        with pytest.raises(TrmbenchError, match="of 1 of 2 weights, such as weight"):
            compare_gradients(plain, {**plain, "weight": wrong}, size)
