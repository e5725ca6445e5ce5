"""The checkpoint of a training that answered held-out puzzles best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

POINTS = 20
"""Checkpoints to choose from, unless `train.evaluate_every` says otherwise."""


class Selection:
    """Keeps the best weights so far; of equally good ones, the first.

    Args:
        score: the score of weights and their averages, by names in the model, on the puzzles that
            were held out.
        every: training steps between two looks; the last step always has one.
        total_steps: training steps in all.
    """

    def __init__(
        self,
        score: Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], float],
        every: int | None,
        total_steps: int,
    ) -> None:
        self._score = score
        self._every = every or max(1, total_steps // POINTS)
        self._total = total_steps
        self.step: int | None = None
        """The training step of the best weights; None before the first look."""
        self.best = -1.0
        """Their score."""
        self.raw: dict[str, Tensor] = {}
        self.averages: dict[str, Tensor] = {}

    def is_due(self, step: int) -> bool:
        """Whether the weights after so many steps are looked at."""
        return step % self._every == 0 or step == self._total

    def look(self, step: int, raw: Mapping[str, Tensor], averages: Mapping[str, Tensor]) -> None:
        """Keep a copy of the weights if they are the best so far."""
        score = self._score(raw, averages)
        if score > self.best:
            self.best, self.step = score, step
            self.raw = {name: tensor.detach().clone() for name, tensor in raw.items()}
            self.averages = {name: tensor.detach().clone() for name, tensor in averages.items()}

    def saved(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a checkpoint keeps: tensors and plain values."""
        tensors = {f"raw/{name}": tensor for name, tensor in self.raw.items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in self.averages.items()}
        return tensors, {"step": self.step, "best": self.best}

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Go on from what `saved` gave."""
        self.raw, self.averages = (
            {name.removeprefix(kind): t for name, t in tensors.items() if name.startswith(kind)}
            for kind in ("raw/", "ema/")
        )
        self.step, self.best = values["step"], values["best"]
