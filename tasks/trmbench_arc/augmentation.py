"""Training augmentation of ARC: a random variant at a random place, on the batch's device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from trmbench import Batch
from trmbench_arc.rows import Row
from trmbench_arc.transform import TRANSPOSED, transform
from trmbench_arc.variants import Variants


class Augmentation:
    """Turns base pairs into variants.

    Args:
        rows: the pairs of the training split, in the order of its table.
        pairs_per_task: (T,) how many places of a task there are to leave unshifted.
        variants: of the T tasks.
        canvas: side of the canvas.
        shifts: whether grids are laid at random places.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        pairs_per_task: np.ndarray,
        variants: Variants,
        canvas: int,
        shifts: bool,
    ) -> None:
        sizes = [[grid.shape for grid in row.pair if grid is not None] for row in rows]
        self._arrays = {
            "task": np.array([row.task for row in rows], np.int64),
            "place": np.array([row.place for row in rows], np.int64),
            "sizes": np.array(sizes, np.int64).reshape(-1, 2, 2),
            "pairs": pairs_per_task,
            "variants": variants.counts,
            "dihedral": variants.dihedral,
            "colours": variants.colours,
            "unshifted": variants.unshifted,
            "numbers": variants.numbers,
            "transposed": np.array(TRANSPOSED, bool),
        }
        self._canvas = canvas
        self._shifts = shifts
        self._on_device: dict[torch.device, dict[str, Tensor]] = {}

    def __call__(self, batch: Batch, generator: Generator) -> Batch:
        """A random variant of each pair, with its puzzle identifier, laid at a random place.

        One pair of each variant stays at the top left, as in the reference.
        """
        look_up = self._tables(batch.inputs.device)
        draws = torch.rand((3, len(batch.rows)), generator=generator, device=generator.device)
        draws = draws.to(batch.inputs.device)
        task, sizes = look_up["task"][batch.rows], look_up["sizes"][batch.rows]
        variant = _below(draws[0], look_up["variants"][task])
        dihedral = look_up["dihedral"][task, variant].long()
        colours = look_up["colours"][task, variant].long()

        room = self._canvas - sizes.amax(dim=1)  # (B, 2): rows and columns, before the transform
        room = torch.where(look_up["transposed"][dihedral][:, None], room.flip(1), room)
        unshifted = _below(look_up["unshifted"][task, variant], look_up["pairs"][task])
        moves = (unshifted != look_up["place"][batch.rows]) & self._shifts
        down, right = (_below(draws[1:].T, room + 1) * moves[:, None]).unbind(1)
        inputs, labels = (
            transform(tokens, height, width, dihedral, colours, down, right)
            for tokens, (height, width) in zip(
                (batch.inputs, batch.labels), sizes.permute(1, 2, 0), strict=True
            )
        )
        return Batch(inputs, labels, look_up["numbers"][task, variant], batch.rows)

    def _tables(self, device: torch.device) -> dict[str, Tensor]:
        if device not in self._on_device:
            self._on_device[device] = {
                name: torch.from_numpy(array).to(device) for name, array in self._arrays.items()
            }
        return self._on_device[device]


def _below(uniform: Tensor, limit: Tensor) -> Tensor:
    """Whole numbers in 0..limit-1 from uniform ones in [0, 1); rounding never reaches the limit."""
    return torch.minimum((uniform * limit).long(), limit - 1)
