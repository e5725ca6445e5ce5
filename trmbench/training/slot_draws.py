"""What a model draws at random for the puzzles of one worker, by training step."""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel
from trmbench.spec.models import State, initial_state, takes
from trmbench.spec.settings import TrainSettings
from trmbench.streams import Draws, draws
from trmbench.training.weights import module_of


class SlotDraws:
    """The random numbers of a worker's slots: a slot has its own, however many workers there are.

    Args:
        model: on its device.
        seed: the trial's.
        settings: the `train` section.
        share: which of a batch's slots are the worker's, B.
    """

    def __init__(
        self, model: RecursiveModel, seed: int, settings: TrainSettings, share: slice
    ) -> None:
        self._model, self._seed = model, seed
        self._dtype: torch.dtype = getattr(torch, settings.precision)
        device = next(module_of(model).parameters()).device
        self._places = torch.arange(settings.batch_size, device=device)[share]
        self._at_random = takes(model.initial_state, "draw")
        self._first = self._begin(0)

    def initial_state(self, step: int) -> State:
        """The state (B, ...) in which the puzzles of a step begin."""
        return self._begin(step) if self._at_random else self._first

    def keys(self, step: int) -> Tensor:
        """(B,) int64 keys of the random numbers that the model draws in a step."""
        return self._of_step("forward", step).keys

    def _begin(self, step: int) -> State:
        draw = self._of_step("initial state", step)
        return initial_state(self._model, len(self._places), self._dtype, draw)

    def _of_step(self, purpose: str, step: int) -> Draws:
        return draws(self._seed, purpose, step, self._places)
