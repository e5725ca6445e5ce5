"""Random numbers that depend on nothing but the seed, the step, the slot and the call."""

from __future__ import annotations

import math

import pytest
import torch

from trmbench.streams import Draws, draws

SLOTS = torch.arange(12)
LIKE = torch.zeros(12, 7, 5)


def test_a_part_of_the_batch_draws_the_numbers_that_it_has_in_the_whole() -> None:
    whole, part = draws(3, "forward", 8, SLOTS), draws(3, "forward", 8, SLOTS[4:9])
    for kind in ("normal", "uniform"):
        assert torch.equal(getattr(whole, kind)(LIKE)[4:9], getattr(part, kind)(LIKE[4:9]))
    assert torch.equal(whole.bernoulli(LIKE, 0.3)[4:9], part.bernoulli(LIKE[4:9], 0.3))


@pytest.mark.parametrize("other", [(4, "forward", 8), (3, "initial", 8), (3, "forward", 9)])
def test_another_seed_stream_or_step_draws_other_numbers(other: tuple[int, str, int]) -> None:
    ours, theirs = (draws(*which, SLOTS).uniform(LIKE) for which in ((3, "forward", 8), other))
    assert (ours != theirs).float().mean() > 0.999


def test_another_call_and_another_slot_draw_other_numbers() -> None:
    draw = draws(0, "forward", 0, SLOTS)
    first, second = draw.uniform(LIKE), draw.uniform(LIKE)
    assert (first != second).float().mean() > 0.999
    assert (first[0] != first[1]).float().mean() > 0.9


def test_numbers_are_uniform_normal_and_independent() -> None:
    like = torch.zeros(64, 4096)
    draw = draws(1, "forward", 5, torch.arange(64))
    uniform, normal = draw.uniform(like).double(), draw.normal(like).double()
    count = like.numel()
    assert uniform.min() >= 0 and uniform.max() < 1
    histogram = torch.histc(uniform, 64, 0, 1)
    chi_square = float(((histogram - count / 64) ** 2 / (count / 64)).sum())
    assert 63 - 5 * math.sqrt(126) < chi_square < 63 + 5 * math.sqrt(126)
    assert abs(float(normal.mean())) < 5 / math.sqrt(count)
    assert abs(float(normal.var()) - 1) < 5 * math.sqrt(2 / count)
    assert abs(float((normal**4).mean()) - 3) < 5 * math.sqrt(96 / count)
    for shifted in (normal.roll(1, 0), normal.roll(1, 1), uniform - 0.5):
        assert abs(float((normal * shifted).mean())) < 5 / math.sqrt(count)


def test_bernoulli_numbers_come_as_often_as_asked_for() -> None:
    like = torch.zeros(64, 1024)
    drawn = draws(2, "forward", 5, torch.arange(64)).bernoulli(like, 0.2)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert float(drawn.mean()) == pytest.approx(0.2, abs=0.01)


def test_numbers_are_the_same_in_every_type() -> None:
    draw = [draws(0, "forward", 0, SLOTS) for _ in range(2)]
    wide, narrow = draw[0].normal(LIKE.double()), draw[1].normal(LIKE.bfloat16())
    assert wide.dtype == torch.float64 and torch.equal(wide.bfloat16(), narrow)


def test_drawing_is_traced_without_numbers() -> None:
    """On the meta device a wait for a number would raise."""
    meta = torch.zeros(4, 3, device="meta")
    assert Draws(torch.zeros(4, dtype=torch.int64, device="meta")).normal(meta).shape == (4, 3)
