"""Training figures summed up on the device and read only now and then."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.training.compilation import compiled_and_compared

NEVER = 2**62
NAMED_LOSS = "loss of "
GRADIENT_NORM = "gradient_norm"
"""The norm before clipping, where there is clipping."""
FIGURES = ("loss", "answer_loss", "halt_loss", "halted", "exact", "cells", "supervision_steps")


class RunningMetrics:
    """Sums over the training steps since the last point of the curve.

    Losses are means per puzzle and step; accuracies and supervision steps are means over the
    puzzles that halted.

    Args:
        device: where the figures are.
        compile: add them up in one compiled call.
    """

    def __init__(self, device: torch.device, compile: bool = False) -> None:
        self._add = compiled_and_compared(_added, device) if compile else _added
        widest = torch.float32 if device.type == "mps" else torch.float64
        self._sums = torch.zeros(len(FIGURES), dtype=widest, device=device)
        self._named: dict[str, Tensor | float] = {}
        self._steps = 0
        self._diverged_at = torch.full((), NEVER, dtype=torch.int64, device=device)

    def add(self, step: int, figures: Mapping[str, Tensor]) -> None:
        """Add one training step's figures without waiting for the device.

        Args:
            step: the training step.
            figures: all of `FIGURES`, and further losses whose names begin with `NAMED_LOSS`; the
                norm of the gradient.
        """
        sums = {name: figures[name] for name in FIGURES}
        now = torch.full_like(self._diverged_at, step)
        self._sums, self._diverged_at = self._add(self._sums, self._diverged_at, now, sums)
        for name in figures.keys() - set(FIGURES):
            self._named[name] = self._named.get(name, 0.0) + figures[name].detach().double()
        self._steps += 1

    def read(self, batch_size: int) -> dict[str, Any]:
        """Read the means since the last reading, and begin again. Waits for the device.

        Raises:
            TrmbenchError: the loss was not a number, with the step at which that began.
        """
        diverged_at = int(self._diverged_at)
        if diverged_at != NEVER:
            raise TrmbenchError(
                f"the loss is not a number (NaN) since training step {diverged_at}",
                "lower train.learning_rate or use train.precision=float32",
            )
        sums = dict(zip(FIGURES, self._sums.tolist(), strict=True))
        trained = max(1, self._steps * batch_size)
        halted = sums["halted"] or math.nan
        named = {
            name.removeprefix(NAMED_LOSS): float(self._named[name]) / trained
            for name in sorted(self._named)
            if name.startswith(NAMED_LOSS)
        }
        further: dict[str, Any] = {"losses": json.dumps(named)} if named else {}
        if GRADIENT_NORM in self._named:
            further[GRADIENT_NORM] = float(self._named[GRADIENT_NORM]) / max(1, self._steps)
        self._sums.zero_()
        self._named = {}
        self._steps = 0
        return {
            "loss": sums["loss"] / trained,
            "answer_loss": sums["answer_loss"] / trained,
            "halt_loss": sums["halt_loss"] / trained,
            "exact_accuracy": sums["exact"] / halted,
            "cell_accuracy": sums["cells"] / halted,
            "supervision_steps": sums["supervision_steps"] / halted,
            **further,
        }

    def state_dict(self) -> dict[str, Any]:
        """The sums so far."""
        named = {name: float(all_) for name, all_ in self._named.items()}
        return {"sums": self._sums.tolist(), "steps": self._steps, "named": named}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from saved sums."""
        self._sums.copy_(torch.tensor(state["sums"], dtype=self._sums.dtype))
        self._steps = state["steps"]
        self._named = dict(state.get("named", {}))


def _added(
    sums: Tensor, diverged_at: Tensor, step: Tensor, figures: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """The sums of `FIGURES` with those of a step, and when the loss was first no number."""
    added = sums + torch.stack([figure.detach().to(sums) for figure in figures.values()])
    diverged = torch.where(figures["loss"].isfinite(), NEVER, step)
    return added, torch.minimum(diverged_at, diverged)
