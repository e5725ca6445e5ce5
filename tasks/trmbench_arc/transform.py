"""The dihedral transforms and colour permutations of ARC, for whole batches of token sequences.

Transforms are numbered as in the public reference implementation of TRM (arXiv 2510.04871): 0 none,
1..3 quarter turns counter-clockwise, 4 left-right flip, 5 up-down flip, 6 transposition, 7
anti-diagonal flip. A cell of a transformed grid comes from an affine function of its place, so a
batch of different transforms is one gather.

Shapes: B sequences, C side of the canvas, L = C*C.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import torch
from torch import Tensor

from trmbench_arc.grids import COLOURS, END, FIRST_COLOUR, PAD, VOCABULARY

TRANSPOSED = (0, 1, 0, 1, 0, 0, 1, 1)
ROWS_REVERSED = (0, 0, 1, 1, 0, 1, 0, 1)
COLUMNS_REVERSED = (0, 1, 1, 0, 1, 0, 0, 1)
"""Per transform: whether the place in the source is read transposed, then from which end."""
INVERSE = (0, 3, 2, 1, 4, 5, 6, 7)


def grid_sizes(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Heights (B,) and widths (B,) int64 of the grids that (B, L) tokens spell, 0 if none.

    The batch form of `trmbench_arc.grids.decode`.
    """
    canvas = isqrt(tokens.shape[1])
    board = tokens.view(-1, canvas, canvas)
    is_colour = (board >= FIRST_COLOUR) & (board < VOCABULARY)
    columns = torch.arange(canvas, device=tokens.device, dtype=torch.int16)
    runs = torch.where(is_colour, canvas, columns).amin(dim=2)
    widths = runs.long().cummin(dim=1).values
    areas = widths * torch.arange(1, canvas + 1, device=tokens.device)
    largest, row = areas.max(dim=1)
    row = (areas == largest[:, None]).int().argmax(dim=1)
    some = largest > 0
    width = widths.gather(1, row[:, None])[:, 0]
    return torch.where(some, row + 1, 0), torch.where(some, width, 0)


def transform(
    tokens: Tensor,
    heights: Tensor,
    widths: Tensor,
    dihedral: Tensor,
    colours: Tensor,
    down: Tensor | None = None,
    right: Tensor | None = None,
) -> Tensor:
    """Recolour and transform grids laid at the top left, and lay them elsewhere.

    Args:
        tokens: (B, L) integers; what lies outside the grids is not read.
        heights: (B,) int64 heights of the grids, before the transform.
        widths: (B,) int64.
        dihedral: (B,) int64 in 0..7.
        colours: (B, 10) int64, the new colour of each colour.
        down: (B,) int64 rows above the transformed grid; None = 0.
        right: (B,) int64 columns to its left; None = 0.

    Returns:
        (B, L) tokens of the same dtype, with end-of-grid borders.
    """
    canvas = isqrt(tokens.shape[1])
    device = tokens.device
    transposed = _looked_up(TRANSPOSED, dihedral)
    rows_reversed = _looked_up(ROWS_REVERSED, dihedral)
    columns_reversed = _looked_up(COLUMNS_REVERSED, dihedral)
    new_heights = torch.where(transposed, widths, heights)[:, None, None]
    new_widths = torch.where(transposed, heights, widths)[:, None, None]

    place = torch.arange(canvas, device=device)
    row = place.view(1, -1, 1) - (0 if down is None else down[:, None, None])
    column = place.view(1, 1, -1) - (0 if right is None else right[:, None, None])
    in_rows = (row >= 0) & (row < new_heights)
    in_columns = (column >= 0) & (column < new_widths)

    row_step = torch.where(rows_reversed, -canvas, canvas)
    column_step = torch.where(columns_reversed, -1, 1)
    start = rows_reversed * (heights - 1) * canvas + columns_reversed * (widths - 1)
    by_row = torch.where(transposed, column_step, row_step)[:, None, None]
    by_column = torch.where(transposed, row_step, column_step)[:, None, None]
    source = (start[:, None, None] + row * by_row) + column * by_column
    inside = (in_rows & in_columns).flatten(1)
    moved = tokens.gather(1, source.flatten(1).clamp_(0, tokens.shape[1] - 1))
    border = ((row == new_heights) & in_columns) | ((column == new_widths) & in_rows)
    outside = border.flatten(1).to(tokens.dtype) * END + PAD
    return torch.where(inside, _recoloured(moved, colours), outside)


def _looked_up(flags: Sequence[int], numbers: Tensor) -> Tensor:
    """(B,) bool: the flags of these numbers, by arithmetic: no table has to reach the device."""
    bits = sum(1 << number for number, flag in enumerate(flags) if flag)
    return ((bits >> numbers) & 1).bool()


def _recoloured(tokens: Tensor, colours: Tensor) -> Tensor:
    """Tokens (B, L) whose colours are replaced by the new ones (B, 10)."""
    table = torch.nn.functional.pad(colours.to(tokens.dtype) + FIRST_COLOUR, (FIRST_COLOUR, 0))
    return table.gather(1, tokens.long())


def restore(tokens: Tensor, dihedral: Tensor, colours: Tensor) -> Tensor:
    """Undo `transform` on answers: crop them, map them back and lay them at the top left.

    Args:
        tokens: (B, L) integers as a model predicts them.
        dihedral: (B,) int64, the transform to undo.
        colours: (B, 10) int64, the permutation to undo.

    Returns:
        (B, L) of the same dtype, the same for all predictions that spell the same grid; padding
        throughout where there is no grid.
    """
    heights, widths = grid_sizes(tokens)
    back = torch.tensor(INVERSE, device=tokens.device)[dihedral]
    return transform(tokens, heights, widths, back, colours.argsort(dim=1))


def canonical(tokens: Tensor) -> Tensor:
    """(B, L) predictions as `restore` returns them, without a transform."""
    none = torch.zeros(len(tokens), dtype=torch.int64, device=tokens.device)
    same = torch.arange(COLOURS, device=tokens.device).expand(len(tokens), -1)
    return restore(tokens, none, same)
