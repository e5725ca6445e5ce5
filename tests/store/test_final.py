"""What a trial keeps in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from trmbench.spec import Predictions
from trmbench.store.checkpoints import Damaged
from trmbench.store.final import FinalWeights, has_final, load_answers, load_final, save_answers
from trmbench.testing.running import toy_trial


def weights(value: float) -> dict[str, torch.Tensor]:
    return {"weight": torch.full((2, 2), value), "bias": torch.full((2,), value)}


def test_a_trial_is_trained_once_its_final_weights_are_written(tmp_path: Path) -> None:
    assert not has_final(tmp_path)
    with pytest.raises(Damaged):
        load_final(tmp_path)
    FinalWeights(weights(1.0)).save(tmp_path, toy_trial(0, tmp_path, {}))
    assert has_final(tmp_path)


def test_final_weights_come_back_with_what_is_known_of_them(tmp_path: Path) -> None:
    imported = {"file": "a.safetensors", "sha256": "0"}
    average = {"weight": torch.zeros(2, 2)}
    given = FinalWeights(weights(1.0), average, {"train_steps": 3}, imported)
    given.save(tmp_path, toy_trial(0, tmp_path, {}))
    found = load_final(tmp_path)
    assert (found.trained, found.imported) == ({"train_steps": 3}, imported)
    assert found.raw.keys() == weights(1.0).keys()
    assert torch.equal(found.raw["bias"], torch.ones(2))
    assert found.averages.keys() == {"weight"}


@pytest.mark.parametrize(("tested", "weight"), [("raw", 1.0), ("ema", 0.5)])
def test_a_model_is_tested_with_averages_where_there_are_some(tested: str, weight: float) -> None:
    model = nn.Linear(2, 2)
    final = FinalWeights(weights(1.0), {"weight": torch.full((2, 2), 0.5)})
    final.load_into(model, tested)
    assert (model.weight == weight).all()
    assert (model.bias == 1.0).all()


def test_answers_are_kept_by_evaluation(tmp_path: Path) -> None:
    by_step = np.zeros((2, 3, 4), np.uint8)
    given = Predictions(np.ones((3, 4), np.uint8), np.ones(3, np.float32), by_step)
    save_answers(tmp_path, "one", given)
    found = load_answers(tmp_path, "one")
    assert found is not None and found.tokens_by_step is not None
    assert np.array_equal(found.tokens, given.tokens)
    assert np.array_equal(found.confidence, given.confidence)
    assert np.array_equal(found.tokens_by_step, by_step)
    assert load_answers(tmp_path, "other") is None
