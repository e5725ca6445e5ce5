from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch import Tensor

from trmbench import IGNORED_LABEL, StepOutput
from trmbench.training.losses import stable_max_log_probabilities, supervision_loss


def _stable_max_in_float64(logits: np.ndarray) -> np.ndarray:
    """The formula as published: s(x) / sum s(x), s(x) = x + 1 or 1 / (1 - x)."""
    x = logits.astype(np.float64)
    s = np.where(x >= 0, np.abs(x) + 1, 1 / (1 + np.abs(x)))
    return np.log(s / s.sum(-1, keepdims=True))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 30.0, 1e4])
def test_stable_max_in_float32_matches_the_float64_formula(scale: float) -> None:
    logits = torch.randn(500, 12, generator=torch.Generator().manual_seed(0)) * scale
    ours = stable_max_log_probabilities(logits)
    assert ours.dtype == torch.float32
    expected = _stable_max_in_float64(logits.numpy())
    relative = np.abs(ours.numpy() - expected) / np.maximum(1, np.abs(expected))
    assert relative.max() < 1e-6


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=12))
def test_stable_max_probabilities_sum_to_one(logits: list[float]) -> None:
    total = stable_max_log_probabilities(torch.tensor(logits)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("value", [-3.0, -1e-6, 0.0, 1e-6, 3.0])
def test_stable_max_gradient_is_that_of_the_formula(value: float) -> None:
    logits = torch.tensor([value, 0.5, -2.0], dtype=torch.float64, requires_grad=True)
    stable_max_log_probabilities(logits)[1].backward()
    assert logits.grad is not None

    def log_probability(x: float) -> float:
        return float(_stable_max_in_float64(np.array([x, 0.5, -2.0]))[1])

    # s has a kink in its second derivative at 0: central differences are exact to first order.
    numerical = (log_probability(value + 1e-6) - log_probability(value - 1e-6)) / 2e-6
    assert logits.grad[0].item() == pytest.approx(numerical, rel=1e-4)


def _output(logits: Tensor, halt: Tensor | None = None, go_on: Tensor | None = None) -> StepOutput:
    return StepOutput((), logits, halt, go_on)


def test_answer_loss_is_the_mean_over_scored_tokens_summed_over_puzzles() -> None:
    logits = torch.zeros(2, 4, 5)  # every token has probability 1/5
    labels = torch.tensor([[1, 2, 0, 0], [3, 3, 3, 3]])
    loss = supervision_loss(_output(logits), labels)
    assert loss.answer.item() == pytest.approx(2 * math.log(5))
    assert loss.total.item() == pytest.approx(loss.answer.item())
    assert loss.halt.item() == loss.continue_.item() == 0


def test_ignored_tokens_have_neither_loss_nor_gradient() -> None:
    logits = torch.randn(1, 3, 5, requires_grad=True)
    supervision_loss(_output(logits), torch.tensor([[2, IGNORED_LABEL, 1]])).total.backward()
    assert logits.grad is not None
    assert logits.grad[0, 1].abs().sum() == 0
    assert logits.grad[0, 0].abs().sum() > 0


def test_label_zero_counts_when_another_label_is_ignored() -> None:
    logits = torch.randn(1, 2, 5)
    labels = torch.tensor([[0, -100]])
    loss = supervision_loss(_output(logits), labels, ignore=-100)
    expected = -stable_max_log_probabilities(logits)[0, 0, 0]
    assert loss.answer.item() == pytest.approx(expected.item())


def test_puzzle_without_scored_tokens_costs_nothing() -> None:
    loss = supervision_loss(_output(torch.randn(1, 3, 5)), torch.zeros(1, 3, dtype=torch.long))
    assert loss.answer.item() == 0


def test_halt_target_is_whether_every_scored_token_is_right() -> None:
    labels = torch.tensor([[1, 2, 0], [1, 2, 0]])
    answers = torch.tensor([[1, 2, 4], [1, 3, 4]])  # right where scored; one token wrong
    halt = torch.tensor([1.5, 0.5])
    loss = supervision_loss(_output(F.one_hot(answers, 5).float(), halt), labels)
    expected = math.log1p(math.exp(-1.5)) + math.log1p(math.exp(0.5))
    assert loss.halt.item() == pytest.approx(expected, rel=1e-6)
    assert loss.total.item() == pytest.approx(loss.answer.item() + 0.5 * expected, rel=1e-6)


def test_continue_loss_needs_a_target() -> None:
    labels = torch.ones(2, 3, dtype=torch.long)
    logits, value = torch.randn(2, 3, 5), torch.tensor([0.3, -0.3])
    output = _output(logits, value, value)
    assert supervision_loss(output, labels).continue_.item() == 0
    loss = supervision_loss(output, labels, torch.tensor([0.2, 0.9]))
    probability = value.double().sigmoid()
    target = torch.tensor([0.2, 0.9]).double()
    expected = -(target * probability.log() + (1 - target) * (1 - probability).log()).sum()
    assert loss.continue_.item() == pytest.approx(expected.item(), rel=1e-6)
    assert loss.total.item() == pytest.approx(
        (loss.answer + 0.5 * loss.halt).item() + 0.5 * expected.item(), rel=1e-6
    )


def test_softmax_kind_is_the_usual_cross_entropy() -> None:
    logits, labels = torch.randn(3, 4, 5), torch.randint(1, 5, (3, 4))
    loss = supervision_loss(_output(logits), labels, kind="softmax")
    expected = F.cross_entropy(logits.flatten(0, 1), labels.flatten()) * 3
    assert loss.answer.item() == pytest.approx(expected.item(), rel=1e-5)


def test_bfloat16_logits_give_a_float32_loss() -> None:
    logits = torch.randn(2, 3, 5, dtype=torch.bfloat16, requires_grad=True)
    loss = supervision_loss(_output(logits), torch.ones(2, 3, dtype=torch.uint8))
    assert loss.total.dtype == torch.float32
    loss.total.backward()
    assert logits.grad is not None and logits.grad.dtype == torch.bfloat16
