"""Compiled, a test answers what it answers plain."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from helpers.trainers import FEW_SMALL_STEPS

from trmbench.errors import TrmbenchError
from trmbench.evaluation.answers import predict
from trmbench.experiment.cells import choose_cells
from trmbench.nn import rms_norm
from trmbench.spec import Predictions
from trmbench.trial.build import TrialParts
from trmbench.trial.solver import solver_of

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")

SMALL = {
    **FEW_SMALL_STEPS,
    "model.layers": 1,
    "model.n": 1,
    "model.T": 1,
    "execution.device": "cpu",
}


def answers(compile: bool, model: str = "trm", **settings: Any) -> Predictions:
    """Answer 8 test puzzles, five at a time: the second batch is smaller."""
    torch.set_num_threads(1)
    [cell] = choose_cells([model], ["maze"], "mini", None, {**SMALL, **settings}).cells
    parts = TrialParts(cell.trial(0, "unused"))
    solver = solver_of(parts, compile)
    return predict(solver, parts.task.split("test"), 5, parts.streams, parts.device)


def assert_same(found: Predictions, plain: Predictions, tolerance: float) -> None:
    np.testing.assert_array_equal(found.tokens, plain.tokens)
    np.testing.assert_allclose(found.confidence, plain.confidence, rtol=tolerance)
    assert found.tokens_by_step is not None and plain.tokens_by_step is not None
    np.testing.assert_array_equal(found.tokens_by_step, plain.tokens_by_step)
    assert found.by_depth is not None and plain.by_depth is not None
    assert found.by_depth.keys() == plain.by_depth.keys()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """The sizes of the inputs of every graph that is compiled from here on, run as traced."""
    found: list[torch.Size] = []

    def note(graph: torch.fx.GraphModule, inputs: list[Any]) -> Any:
        found.extend(each.shape[:1] for each in inputs if each.dtype == torch.int64)
        return graph.forward

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=note))
    return found


@pytest.mark.parametrize("model", ["trm", "eqr"])
def test_batches_of_a_compiled_test_have_one_size(
    model: str, compilations: list[torch.Size]
) -> None:
    assert_same(answers(True, model), answers(False, model), tolerance=0)
    assert compilations and set(compilations) == {torch.Size([5])}
    assert len(compilations) <= 3  # one graph: inputs, identifiers, and keys where it draws


def test_shrinking_batches_are_not_compiled(compilations: list[torch.Size]) -> None:
    answers(True, **{"evaluation.early_exit": 0})
    assert not compilations


@pytest.mark.slow
def test_a_compiled_test_has_the_answers_of_a_plain_one() -> None:
    assert_same(answers(True), answers(False), tolerance=1e-5)


def test_a_compiled_test_with_other_logits_is_stopped(
    compilations: list[torch.Size], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(x: torch.Tensor, dim: int) -> torch.Tensor:
        return rms_norm(x.roll(1, 0) if torch.compiler.is_compiling() else x, dim)

    monkeypatch.setattr("trmbench.nn.swiglu.rms_norm", wrong)
    with pytest.raises(TrmbenchError, match="the model has other logits than plain"):
        answers(True)
