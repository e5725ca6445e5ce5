"""The supervision steps of a trained recursive model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel, StepOutput
from trmbench.spec.models import (
    Forward,
    State,
    Step,
    in_precision,
    initial_state,
    schedule_at_test,
    takes,
)
from trmbench.streams import draws


class SupervisionSteps(Iterator[StepOutput]):
    """Gives a batch one supervision step at every `next`, without an end.

    Between two steps, the state may be replaced, and puzzles may leave.

    Args:
        model: the model, in evaluation mode.
        inputs: (B, L) int64.
        puzzle_identifiers: (B,) int64.
        dtype: type of the state and so of the computation.
        rows: (B,) int64 numbers that name the puzzles to `step.draw`; None = 0, 1, ...
        seed: the trial's seed, from which the random numbers come.
        schedule: whole numbers for a model that has a schedule; None = those of its test.
        forward: computes what the model does, such as a compiled forward pass; None = the model.
    """

    def __init__(
        self,
        model: RecursiveModel,
        inputs: Tensor,
        puzzle_identifiers: Tensor,
        dtype: torch.dtype,
        rows: Tensor | None = None,
        seed: int = 0,
        schedule: Mapping[str, int] | None = None,
        forward: Forward | None = None,
    ) -> None:
        self._forward: Forward = forward or model
        self._inputs = inputs
        self._identifiers = puzzle_identifiers
        self._rows = torch.arange(len(inputs), device=inputs.device) if rows is None else rows
        self._dtype = dtype
        self._seed = seed
        self._schedule = schedule_at_test(model) if schedule is None else schedule
        self._done = 0
        self._takes_step = takes(model.forward, "step")
        draw = draws(seed, "initial state at test", 0, self._rows)
        self.state: State = initial_state(model, len(inputs), dtype, draw)
        """What the next step begins with."""

    def __next__(self) -> StepOutput:
        told = (self._step(),) if self._takes_step else ()
        with in_precision(self._inputs.device, self._dtype):
            output = self._forward(self.state, self._inputs, self._identifiers, *told)
        self.state = output.state
        self._done += 1
        return output

    def _step(self) -> Step:
        draw = draws(self._seed, "forward at test", self._done, self._rows)
        progress = torch.ones((), device=self._rows.device)
        number = torch.full_like(self._rows, self._done)
        return Step(draw, False, progress, self._schedule, number, None)

    def keep(self, puzzles: Tensor) -> None:
        """Go on with these puzzles alone: (B,) bool, or their places, which need no waiting."""
        self.state = tuple(part[puzzles] for part in self.state)
        self._inputs, self._identifiers = self._inputs[puzzles], self._identifiers[puzzles]
        self._rows = self._rows[puzzles]
