"""Supervision steps one by one, and what a model says of itself."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from trmbench import StepOutput, SupervisionSteps
from trmbench.spec.models import Capabilities, capabilities


class Counter(nn.Module):
    """Counts its steps from the first input on."""

    max_steps = 3
    puzzle_embedding = None

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        return (torch.zeros(batch_size, 1, 1),)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        counted = state[0] + inputs[:, :1, None] + puzzle_identifiers[:, None, None]
        return StepOutput((counted.to(state[0].dtype),), counted)


def steps(dtype: torch.dtype = torch.float32) -> SupervisionSteps:
    return SupervisionSteps(Counter(), torch.tensor([[1], [5]]), torch.tensor([0, 10]), dtype)


def test_each_step_goes_on_from_the_state_of_the_one_before() -> None:
    given = [output.logits.flatten().tolist() for output in islice(steps(), 3)]
    assert given == [[1, 15], [2, 30], [3, 45]]


def test_the_state_has_the_type_of_the_computation() -> None:
    work = steps(torch.bfloat16)
    assert work.state[0].dtype == next(work).state[0].dtype == torch.bfloat16


def test_puzzles_that_leave_take_their_state_and_identifier_along() -> None:
    work = steps()
    next(work)
    work.keep(torch.tensor([False, True]))
    assert next(work).logits.flatten().tolist() == [30]


def test_a_step_begins_with_the_state_that_was_put_there() -> None:
    work = steps()
    work.state = (work.state[0] + 100,)
    assert next(work).logits.flatten().tolist() == [101, 115]


def test_a_model_that_says_nothing_of_itself_has_the_defaults() -> None:
    assert capabilities(Counter()) == Capabilities()
    assert capabilities(SimpleNamespace(stacks_seeds=True)) == Capabilities(stacks_seeds=True)
