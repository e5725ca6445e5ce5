"""A Nonogram as tokens: the picture with its clues to the left and above.

A picture of n x n cells has at most m = (n + 1) // 2 runs in a line, so the grid is n + m wide;
clues stand at the end of their margin, next to the picture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PAD, NOTHING, UNKNOWN, WHITE, BLACK = range(5)
"""Tokens; a run of k cells is the clue `BLACK + k`."""


def margin(size: int) -> int:
    """Most runs that a line of so many cells can have."""
    return (size + 1) // 2


def runs(pictures: Tensor) -> Tensor:
    """Lengths (N, n, m) int64 of the runs of each row of pictures (N, n, n) bool, at the end."""
    begins = pictures & ~F.pad(pictures, (1, 0))[..., :-1]
    order = begins.cumsum(-1) - 1
    first = margin(pictures.shape[-1]) - begins.sum(-1, keepdim=True)
    places = (order + first).clamp_min(0).clamp_max(margin(pictures.shape[-1]) - 1)
    shape = (*pictures.shape[:2], margin(pictures.shape[-1]))
    lengths = torch.zeros(shape, dtype=torch.int64, device=pictures.device)
    return lengths.scatter_add(-1, places, pictures.long())


def encode(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and labels (N, (n+m)**2) int64 of pictures (N, n, n) bool; margins are not scored."""
    space = margin(pictures.shape[-1])
    left, above = runs(pictures), runs(pictures.mT).mT
    left, above = (torch.where(clues > 0, clues + BLACK, NOTHING) for clues in (left, above))
    corner = left.new_full((len(left), space, space), NOTHING)
    cells = torch.full_like(pictures, UNKNOWN, dtype=torch.int64)
    inputs = torch.cat([torch.cat([corner, above], 2), torch.cat([left, cells], 2)], 1)
    labels = F.pad(torch.where(pictures, BLACK, WHITE), (space, 0, space, 0), value=PAD)
    return inputs.flatten(1), labels.flatten(1)


def cells(tokens: Tensor, size: int) -> Tensor:
    """The picture's own tokens (N, n, n) of grids (N, (n+m)**2)."""
    space = margin(size)
    return tokens.reshape(-1, size + space, size + space)[:, space:, space:]


def clues(tokens: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The margins of grids (N, (n+m)**2): left (N, n, m) and above (N, m, n)."""
    space = margin(size)
    grid = tokens.reshape(-1, size + space, size + space)
    return grid[:, space:, :space], grid[:, :space, space:]
