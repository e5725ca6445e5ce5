"""A model of plain torch layers trains and is tested in bfloat16, under torch's autocast."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.trials import maze_trials
from torch import Tensor, nn

from trmbench.evaluation import steps
from trmbench.evaluation.answers import predict
from trmbench.spec import StepOutput
from trmbench.spec.models import State
from trmbench.spec.status import FINISHED
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial
from trmbench.trial.solver import solver_of


class PlainLayers(nn.Module):
    """A recursive model that casts nothing by itself."""

    max_steps = 2
    puzzle_embedding = None

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(16, 8)
        self.mix = nn.Linear(8, 8)
        self.head = nn.Linear(8, 16)

    def initial_state(self, batch_size: int) -> State:
        return (torch.zeros(batch_size, 1, 8),)

    def forward(self, state: State, inputs: Tensor, puzzle_identifiers: Tensor) -> StepOutput:
        y = (self.mix(state[0]) + self.embedding(inputs)).tanh()  # a bfloat16 state
        return StepOutput((y.mean(1, keepdim=True).detach(),), self.head(y))


def test_plain_layers_are_trained_and_tested_in_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialParts, "model", PlainLayers())
    settings = {"execution__stack_seeds": False, "train__precision": "bfloat16"}
    [trial] = maze_trials(tmp_path, seeds=1, **settings)
    result = run_trial(trial)
    assert result.status == FINISHED, result.error


@pytest.mark.parametrize("mixing", ["mlp", "attention"])
def test_autocast_changes_no_number_of_layers_that_cast_by_themselves(
    mixing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"train__precision": "bfloat16", "model__mixing": mixing}
    [trial] = maze_trials(tmp_path, seeds=1, **settings)
    parts = TrialParts(trial)
    table, solver = parts.task.split("test"), solver_of(parts)
    found = predict(solver, table, 4, parts.streams, parts.device)
    monkeypatch.setattr(steps, "in_precision", lambda *_: nullcontext())
    plain = predict(solver, table, 4, parts.streams, parts.device)
    np.testing.assert_array_equal(found.tokens, plain.tokens)
    np.testing.assert_array_equal(found.confidence, plain.confidence)
