"""A run says when a model breaks the contract that repetition rests upon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench import ModelSpec, StepOutput, TrmbenchError, hookimpl
from trmbench.config.compose import compose
from trmbench.spec import Trial
from trmbench.testing import TOY_MODEL, TOY_TASK, visible_plugin
from trmbench.testing.toy_model import ToyModel
from trmbench.training.stacked.tensors import stacked_forward
from trmbench.trial.run import run_trial


class Dropout(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=torch.nn.functional.dropout(output.logits))


class RunningMean(ToyModel):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.register_buffer("mean", torch.zeros(self.shape[1]))

    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        self.mean.copy_(output.state[0].mean((0, 1)))
        return output


KINDS = {"dropout": Dropout, "mean": RunningMean, "pure": ToyModel}


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [
        ModelSpec(
            f"impure-{name}",
            name,
            TOY_MODEL.presets,
            lambda options, info, context, kind=kind: kind(options, info),
            options=TOY_MODEL.options,
        )
        for name, kind in KINDS.items()
    ]


@pytest.fixture(autouse=True)
def plugin() -> Iterator[None]:
    with visible_plugin("impure", __name__), visible_plugin("toy", "trmbench.testing.toy"):
        yield


def trial(name: str, results: Path) -> Trial:
    spec = next(spec for spec in trmbench_models() if spec.name == f"impure-{name}")
    cell = compose(spec, TOY_TASK, "mini", {"train.steps": 2, "execution.device": "cpu"})
    return cell.trial(0, str(results))


@pytest.mark.parametrize(
    ("name", "words"),
    [("dropout", "draws random numbers"), ("mean", "keeps something"), ("pure", None)],
)
def test_a_run_says_that_a_model_will_not_repeat(
    name: str, words: str | None, tmp_path: Path
) -> None:
    said: list[str] = []
    result = run_trial(trial(name, tmp_path), lambda event: said.append(event.message or ""))
    assert result.status == "finished"
    told = [line for line in said if "once interrupted" in line]
    assert len(told) == (words is not None) and all(str(words) in line for line in told)


def test_hooks_are_not_stacked() -> None:
    info = TOY_TASK.load(TOY_TASK.options()).info
    models = [ToyModel(TOY_MODEL.options(), info) for _ in range(2)]
    models[0].features.register_forward_hook(lambda module, given, output: output * 2)
    with pytest.raises(TrmbenchError, match="features has hooks"):
        stacked_forward(models, {})
