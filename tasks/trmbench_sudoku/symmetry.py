"""The symmetries of Sudoku as index tensors, drawn for a whole batch at once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from trmbench_sudoku.rules import Rules

_LARGEST_KEY = 2**62


class Symmetries(NamedTuple):
    """One symmetry for each of B puzzles."""

    cells: Tensor
    """(B, n*n) int64: the cell of the original that each cell of the copy shows."""
    tokens: Tensor
    """(B, n+2) int64: what each token of the original is called in the copy."""

    def apply(self, tokens: Tensor) -> Tensor:
        """The copies (B, n*n) of grids (B, n*n)."""
        return self.tokens.gather(1, tokens.gather(1, self.cells))

    def where(self, chosen: Tensor) -> Symmetries:
        """The same, but the identity for the puzzles that are not chosen (B,)."""
        cells, tokens = (torch.arange(x.shape[1], device=x.device) for x in self)
        chosen = chosen[:, None]
        return Symmetries(
            torch.where(chosen, self.cells, cells), torch.where(chosen, self.tokens, tokens)
        )


def key_count(rules: Rules) -> int:
    """Numbers that `from_keys` needs for each puzzle."""
    rows, columns = rules.box
    return 3 * rules.size + rules.size // rows + rules.size // columns + 1


def random_keys(count: int, rules: Rules, generator: Generator) -> Tensor:
    """(B, K) int64 random numbers on the generator's device."""
    shape = (count, key_count(rules))
    return torch.randint(_LARGEST_KEY, shape, generator=generator, device=generator.device)


def fixed_keys(rows: Tensor, variants: Tensor, seed: int, rules: Rules) -> Tensor:
    """(B, K) int64 numbers that depend on nothing but seed, row (B,) and variant number (B,)."""
    places = torch.arange(key_count(rules), device=rows.device)
    by_puzzle = _mix(_mix(rows + seed * 0x9E3779B9) + variants)
    return _mix(by_puzzle[:, None] + places)


def fixed_symmetries(rows: Tensor, variants: Tensor, seed: int, rules: Rules) -> Symmetries:
    """Variant numbers (B,) of puzzles (B,); variant 0 is the puzzle, as in the released builder."""
    return from_keys(fixed_keys(rows, variants, seed, rules), rules).where(variants > 0)


def from_keys(keys: Tensor, rules: Rules) -> Symmetries:
    """Symmetries (permutations of digits, bands, rows, stacks, columns; transposition) from keys.

    Each permutation is the order of its share of the keys (B, K), so uniform keys give uniform
    permutations. Boxes that are not square allow no transposition.
    """
    size, (height, width) = rules.size, rules.box
    bands, stacks = size // height, size // width
    shares = [size, bands, size, stacks, size, 1]
    digits, band, row, stack, column, flip = torch.split_with_sizes(keys, shares, dim=1)
    row_order = _nested_order(band, row.reshape(-1, bands, height))
    column_order = _nested_order(stack, column.reshape(-1, stacks, width))
    cells = row_order[:, :, None] * size + column_order[:, None, :]
    if height == width:
        cells = torch.where(flip[:, :, None] % 2 == 1, cells.transpose(1, 2), cells)
    renamed = digits.argsort(dim=1, stable=True) + 2
    untouched = torch.arange(2, device=keys.device).expand(len(keys), 2)
    return Symmetries(cells.flatten(1), torch.cat([untouched, renamed], dim=1))


def _nested_order(groups: Tensor, members: Tensor) -> Tensor:
    """(B, n) order of lines: groups (B, G) in random order, random members (B, G, M) in each."""
    within = members.argsort(dim=2, stable=True)
    start = groups.argsort(dim=1, stable=True) * members.shape[2]
    return (start[:, :, None] + within).flatten(1)


def _mix(values: Tensor) -> Tensor:
    """Scramble 64 bits (SplitMix64, Steele, Lea and Flood 2014); int64 products wrap around."""
    values = values * _signed(0x9E3779B97F4A7C15) + _signed(0x9E3779B97F4A7C15)
    values = (values ^ _shifted(values, 30)) * _signed(0xBF58476D1CE4E5B9)
    values = (values ^ _shifted(values, 27)) * _signed(0x94D049BB133111EB)
    return values ^ _shifted(values, 31)


def _shifted(values: Tensor, bits: int) -> Tensor:
    """Logical shift right; torch's own keeps the sign."""
    return (values >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    return value - (1 << 64)
