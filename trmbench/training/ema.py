"""Exponential moving average of a model's weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class ExponentialMovingAverage:
    """average <- decay * average + (1 - decay) * weight, after every training step.

    The average starts at the initial weights and has no bias correction, as in the released TRM
    code; puzzle embeddings are not averaged.

    Args:
        parameters: the weights by name.
        decay: 0 keeps no average.
    """

    def __init__(self, parameters: Mapping[str, Tensor], decay: float) -> None:
        self.decay = decay
        self._names = list(parameters)
        self._weights = list(parameters.values())
        self._average = [weight.detach().clone() for weight in self._weights] if decay else []

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now."""
        if self._average:
            torch._foreach_lerp_(self._average, self._weights, 1 - self.decay)

    def state_dict(self) -> dict[str, Tensor]:
        """The averages by the names of their weights; empty where none is kept."""
        return dict(zip(self._names, self._average, strict=True)) if self._average else {}

    @torch.no_grad()
    def load_state_dict(self, averages: Mapping[str, Tensor]) -> None:
        """Continue from saved averages."""
        for name, average in zip(self._names, self._average, strict=bool(self._average)):
            average.copy_(averages[name])
