"""Halting and refilling of slots, against cases worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from trmbench import Batch, StepOutput, TrmbenchError
from trmbench.spec.settings import TrainSettings
from trmbench.streams import Streams
from trmbench.training.halting import Halting, correct
from trmbench.training.supervision import (
    Slots,
    continue_target,
    refill,
)
from trmbench.training.workers import OneWorker

CPU = torch.device("cpu")


def halting(model: Any, **settings: Any) -> Halting:
    return Halting(model, TrainSettings(**{"halt_exploration": 0.0, **settings}), Streams(0, CPU))


def output(halt: list[float], go_on: list[float] | None = None) -> StepOutput:
    continue_logits = None if go_on is None else torch.tensor(go_on)
    return StepOutput((), torch.zeros(len(halt), 1, 2), torch.tensor(halt), continue_logits)


TRM = SimpleNamespace(max_steps=4)
HRM = SimpleNamespace(max_steps=4, needs_continue_target=True)


def test_a_puzzle_halts_where_its_logit_is_positive_or_its_steps_are_used_up() -> None:
    done = torch.tensor([1, 1, 4, 2])
    halted = halting(TRM)(0, done, output([1.0, -1.0, -1.0, 0.0]))
    assert halted.tolist() == [True, False, True, False]


def test_a_model_with_a_continue_head_halts_where_halting_is_worth_more() -> None:
    done = torch.tensor([1, 1])
    halted = halting(HRM)(0, done, output([-1.0, 1.0], [-2.0, 2.0]))
    assert halted.tolist() == [True, False]


def test_without_halting_every_puzzle_takes_all_its_steps() -> None:
    halted = halting(TRM, halting=False)(0, torch.tensor([1, 4]), output([9.0, -9.0]))
    assert halted.tolist() == [False, True]


def test_exploration_defers_early_halts_to_a_random_step() -> None:
    count = 20_000
    decide = halting(TRM, halt_exploration=0.5)
    shares = []
    for step in (1, 2, 3, 4):
        done = torch.full((count,), step)
        halted = decide(7, done, output([1.0] * count))
        shares.append(halted.float().mean().item())
    # Half explore; of those a third each has its earliest halt at 2, 3 and 4.
    torch.testing.assert_close(
        torch.tensor(shares), torch.tensor([0.5, 2 / 3, 5 / 6, 1.0]), atol=0.02, rtol=0
    )


@pytest.mark.parametrize("half", [slice(0, 32), slice(32, 64)])
def test_a_worker_explores_in_the_slots_in_which_a_single_process_would(half: slice) -> None:
    worker = OneWorker()
    worker.size, worker.share = 2, lambda count: half  # type: ignore[method-assign]
    settings = TrainSettings(halt_exploration=0.5)
    decide = Halting(TRM, settings, Streams(0, CPU), worker)  # type: ignore[arg-type]
    whole = halting(TRM, halt_exploration=0.5)(7, torch.full((64,), 2), output([1.0] * 64))
    share = decide(7, torch.full((32,), 2), output([1.0] * 32))
    assert share.equal(whole[half]) and share.any() and not share.all()


def test_a_halted_slot_takes_the_fresh_puzzle_and_the_initial_state() -> None:
    def batch(value: int) -> Batch:
        return Batch(*(torch.full(shape, value) for shape in ((2, 3), (2, 3), (2,), (2,))))

    old = Slots(
        batch(1), (torch.full((2, 1, 1), 5.0),), torch.tensor([3, 2]), torch.tensor([True, False])
    )
    slots = refill(old, batch(2), (torch.zeros(2, 1, 1),))
    assert slots.batch.inputs[:, 0].tolist() == [2, 1]
    assert slots.batch.rows.tolist() == [2, 1]
    assert slots.state[0].flatten().tolist() == [0.0, 5.0]
    assert slots.steps.tolist() == [0, 2]


def test_the_first_step_fills_every_slot() -> None:
    fresh = Batch(*(torch.ones(s, dtype=torch.long) for s in ((2, 3), (2, 3), (2,), (2,))))
    slots = refill(None, fresh, (torch.zeros(2, 1, 1),))
    assert all(map(torch.equal, slots.batch, fresh)) and slots.steps.tolist() == [0, 0]


def test_the_continue_target_is_the_better_of_the_next_steps_values() -> None:
    def model(state: Any, inputs: Any, identifiers: Any) -> StepOutput:
        return output([1.0, 1.0], [3.0, 3.0])

    inputs, identifiers = torch.ones(2, 3, dtype=torch.long), torch.ones(2, dtype=torch.long)
    target = continue_target(model, (), inputs, identifiers, torch.tensor([False, True]))
    torch.testing.assert_close(target, torch.sigmoid(torch.tensor([3.0, 1.0])))


def test_a_model_that_asks_for_a_continue_target_must_have_a_continue_logit() -> None:
    inputs, identifiers = torch.ones(2, 3, dtype=torch.long), torch.ones(2, dtype=torch.long)
    with pytest.raises(TrmbenchError, match="lacks halting or continue logits"):
        continue_target(lambda *_: output([1.0]), (), inputs, identifiers, torch.ones(2).bool())


def test_padding_counts_neither_for_nor_against_an_answer() -> None:
    logits = torch.zeros(2, 3, 4)
    logits[0, 0, 2] = logits[0, 1, 3] = logits[1, 0, 1] = 1.0
    labels = torch.tensor([[2, 3, 0], [2, 3, 0]])
    exact, cells = correct(logits, labels)
    assert exact.tolist() == [True, False]
    assert cells.tolist() == [1.0, 0.0]
