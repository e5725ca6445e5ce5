"""Optimisers, schedule and moving average against formulas written out in float64."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import torch
from torch import nn

from trmbench.spec.settings import TrainSettings
from trmbench.training.ema import ExponentialMovingAverage
from trmbench.training.optim import AdamATan2, learning_rate_factor, sign_sgd_


def test_adam_atan2_follows_the_released_formula_for_fifty_steps() -> None:
    rng = np.random.default_rng(0)
    p = rng.normal(size=(3, 2))
    parameter = nn.Parameter(torch.tensor(p))
    optimizer = AdamATan2([parameter], lr=0.01, betas=(0.9, 0.95), weight_decay=0.3)
    m = v = np.zeros_like(p)
    for t in range(1, 51):
        gradient = rng.normal(size=p.shape)
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        m = 0.9 * m + 0.1 * gradient
        v = 0.95 * v + 0.05 * gradient**2
        p = p * (1 - 0.01 * 0.3)
        p = p - 0.01 / (1 - 0.9**t) * np.arctan2(m, np.sqrt(v) / np.sqrt(1 - 0.95**t))
        np.testing.assert_allclose(parameter.detach().numpy(), p, rtol=1e-12, atol=1e-12)


def test_adam_atan2_leaves_a_parameter_without_gradient_alone() -> None:
    parameter = nn.Parameter(torch.ones(2))
    AdamATan2([parameter], lr=0.1, weight_decay=1.0).step()
    assert parameter.tolist() == [1.0, 1.0]


def test_sign_sgd_adds_up_a_rows_occurrences_and_touches_no_other_row() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(5, 3))
    identifiers = np.array([3, 1, 3, 0])
    gradients = rng.normal(size=(4, 3))
    expected = table.copy()
    for row in {0, 1, 3}:
        total = gradients[identifiers == row].sum(0)
        expected[row] = table[row] * (1 - 0.1 * 0.5) - 0.1 * np.sign(total)
    result = torch.tensor(table)
    sign_sgd_(result, torch.tensor(identifiers), torch.tensor(gradients), 0.1, 0.5)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12)


def test_the_learning_rate_warms_up_and_then_stays() -> None:
    settings = TrainSettings(warmup_steps=4)
    factors = [learning_rate_factor(step, 40, settings) for step in range(1, 11)]
    assert factors == [0.25, 0.5, 0.75, *[1.0] * 7]


def test_a_warm_up_longer_than_the_training_takes_a_tenth_of_it() -> None:
    settings = TrainSettings(warmup_steps=2000)
    assert [learning_rate_factor(step, 20, settings) for step in (1, 2, 20)] == [0.5, 1.0, 1.0]


def test_the_learning_rate_decays_along_a_cosine_when_asked() -> None:
    settings = TrainSettings(warmup_steps=0, min_learning_rate_ratio=0.1)
    assert learning_rate_factor(5, 10, settings) == 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2))
    assert math.isclose(learning_rate_factor(10, 10, settings), 0.1)


def test_the_average_starts_at_the_first_weights_and_follows_slowly() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    average = ExponentialMovingAverage({"w": weight}, 0.9)
    with torch.no_grad():
        weight.copy_(torch.tensor([2.0, 0.0]))
    average.update()
    torch.testing.assert_close(average.state_dict()["w"], torch.tensor([1.1, 1.8]))
    average.update()
    torch.testing.assert_close(average.state_dict()["w"], torch.tensor([1.19, 1.62]))


def test_without_a_decay_no_average_is_kept() -> None:
    average = ExponentialMovingAverage({"w": nn.Parameter(torch.ones(1))}, 0.0)
    average.update()
    assert average.state_dict() == {}


def test_the_default_optimiser_loads_no_compiler() -> None:
    code = """
import sys, torch
from trmbench.spec.settings import TrainSettings
from trmbench.plugin.registry import optimizers
from trmbench.training.optimizers import Optimizers
weight = torch.zeros(2, requires_grad=True)
spec = optimizers().find("adam_atan2").spec
optimizer = Optimizers(spec, {"w": weight}, torch.nn.Linear(1, 1), TrainSettings())
weight.sum().backward()
optimizer.step(1.0)
optimizer.restore(*optimizer.saved())
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
