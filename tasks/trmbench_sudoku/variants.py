"""The fixed variants of the training puzzles, computed at every step or looked up."""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench_sudoku.rules import Rules
from trmbench_sudoku.symmetry import Symmetries, fixed_symmetries

MOST_KEPT = 2**21
"""Variants of all puzzles that are kept on a device, in some 100 bytes each."""
AT_ONCE = 64
"""Puzzles whose variants are computed at a time."""


class Variants:
    """Variants 1, 2, ... of each training puzzle; variant 0 is the puzzle itself.

    On a CPU they are computed when they are asked for. On a GPU, where each of 70 small operations
    has its price, they are computed once.

    Args:
        puzzles: how many there are.
        variants: of each.
        seed: of the data.
        rules: the rules.
    """

    def __init__(self, puzzles: int, variants: int, seed: int, rules: Rules) -> None:
        self._puzzles, self._count = puzzles, variants + 1
        self._seed, self._rules = seed, rules
        self._kept: dict[torch.device, Symmetries] = {}

    def __call__(self, rows: Tensor, variants: Tensor) -> Symmetries:
        """Return variant numbers (B,) of puzzles (B,)."""
        device = rows.device
        if device.type == "cpu" or self._puzzles * self._count > MOST_KEPT:
            return fixed_symmetries(rows, variants, self._seed, self._rules)
        if device not in self._kept:
            self._kept[device] = self._all(device)
        places = rows * self._count + variants
        return Symmetries(*(part[places].long() for part in self._kept[device]))

    def _all(self, device: torch.device) -> Symmetries:
        """Compute all variants, one puzzle's after the other's, in few bytes."""
        small = torch.uint8 if self._rules.size**2 <= 256 else torch.int16
        found = []
        for rows in torch.arange(self._puzzles, device=device).split(AT_ONCE):
            variants = torch.arange(self._count, device=device).repeat(len(rows))
            own = rows.repeat_interleave(self._count)
            parts = fixed_symmetries(own, variants, self._seed, self._rules)
            found.append([part.to(small) for part in parts])
        return Symmetries(*map(torch.cat, zip(*found, strict=True)))
