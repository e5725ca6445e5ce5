"""Training batches drawn and augmented on the device."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator

from trmbench.spec import Batch, PuzzleTable
from trmbench.streams import Streams

ROWS_AHEAD = 64
"""Steps whose puzzles are drawn and moved to the device at once."""


class Batches:
    """The batch of every training step, a function of (trial seed, step) alone.

    Epochs are permutations of the puzzles, one after the other without a gap, cut into batches:
    each epoch holds one freshly augmented variant of each puzzle.

    Args:
        table: the training puzzles.
        batch_size: puzzles per step.
        augment: the task's augmentation.
        streams: the trial's random streams.
        device: where the batches live.
        share: the slots of the batch that are wanted; all are drawn and augmented.
    """

    def __init__(
        self,
        table: PuzzleTable,
        batch_size: int,
        augment: Callable[[Batch, Generator], Batch],
        streams: Streams,
        device: torch.device,
        share: slice = slice(None),
    ) -> None:
        self._share = share
        self._batch_size = batch_size
        self._augment = augment
        self._streams = streams
        self._device = device
        self._puzzles = len(table)
        self._inputs = torch.from_numpy(table.inputs).to(device)
        self._labels = torch.from_numpy(table.labels).to(device)
        self._identifiers = torch.from_numpy(table.puzzle_identifiers).to(device)
        self._epochs: dict[int, np.ndarray] = {}
        self._chunk = -1
        self._rows = torch.empty(0)

    def __call__(self, step: int) -> Batch:
        """The batch of a step (0-based)."""
        rows = self._rows_of(step)
        batch = Batch(
            self._inputs[rows].long(),
            self._labels[rows].long(),
            self._identifiers[rows].long(),
            rows,
        )
        augmented = self._augment(batch, self._streams.torch("augment", step))
        return Batch(*(tensor[self._share] for tensor in augmented))

    def _rows_of(self, step: int) -> torch.Tensor:
        chunk, offset = divmod(step, ROWS_AHEAD)
        if chunk != self._chunk:
            size = ROWS_AHEAD * self._batch_size
            positions = np.arange(chunk * size, (chunk + 1) * size)
            rows = torch.from_numpy(self._order(positions).reshape(ROWS_AHEAD, self._batch_size))
            if self._device.type == "cuda":
                rows = rows.pin_memory()
            self._rows = rows.to(self._device, non_blocking=True)
            self._chunk = chunk
        return self._rows[offset]

    def _order(self, positions: np.ndarray) -> np.ndarray:
        """Rows at these places of the endless sequence of permutations."""
        epochs, places = np.divmod(positions, self._puzzles)
        needed = range(epochs[0], epochs[-1] + 1)
        self._epochs = {
            epoch: self._epochs[epoch]
            if epoch in self._epochs
            else self._streams.numpy("order", epoch).permutation(self._puzzles)
            for epoch in needed
        }
        order = np.concatenate([self._epochs[epoch] for epoch in needed])
        rows: np.ndarray = order[positions - epochs[0] * self._puzzles]
        return rows
