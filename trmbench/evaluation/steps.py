"""The supervision steps of a trained recursive model."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel, StepOutput
from trmbench.spec.models import State, initial_state


class SupervisionSteps(Iterator[StepOutput]):
    """Gives a batch one supervision step at every `next`, without an end.

    Between two steps, the state may be replaced, and puzzles may leave.

    Args:
        model: the model, in evaluation mode.
        inputs: (B, L) int64.
        puzzle_identifiers: (B,) int64.
        dtype: type of the state and so of the computation.
    """

    def __init__(
        self,
        model: RecursiveModel,
        inputs: Tensor,
        puzzle_identifiers: Tensor,
        dtype: torch.dtype,
    ) -> None:
        self._model = model
        self._inputs = inputs
        self._identifiers = puzzle_identifiers
        self.state: State = initial_state(model, len(inputs), dtype)
        """What the next step begins with."""

    def __next__(self) -> StepOutput:
        output = self._model(self.state, self._inputs, self._identifiers)
        self.state = output.state
        return output

    def keep(self, puzzles: Tensor) -> None:
        """Go on with these puzzles alone, (B,) bool."""
        self.state = tuple(part[puzzles] for part in self.state)
        self._inputs, self._identifiers = self._inputs[puzzles], self._identifiers[puzzles]
