"""The augmented variants of ARC tasks, derived from a task and a variant number, never stored.

A variant is one of the 8 dihedral transforms with a permutation of the colours 1..9 (black stays),
applied to every grid of a task, as in the public reference implementation of TRM (arXiv
2510.04871). Variant 0 is the task itself. Variants that would give the same set of pairs count
once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trmbench_arc.grids import COLOURS, MAX_SIDE
from trmbench_arc.reading import ArcTask, Pair
from trmbench_arc.transform import COLUMNS_REVERSED, INVERSE, ROWS_REVERSED, TRANSPOSED

SEPARATOR = "|||"
"""Between the parts of an identifier's name."""
BLANK = "<blank>"
"""The name of identifier 0."""
DRAWS_PER_VARIANT = 5
"""After so many draws per wanted variant a task is taken to have no more; as in the reference."""
BLOCK = 256
"""Variants drawn at once."""

_fixed = np.random.default_rng(np.random.SeedSequence(20251004))
_PLACE_WEIGHTS = _fixed.integers(0, 2**64, (2, MAX_SIDE, MAX_SIDE), np.uint64)
_COLOUR_WEIGHTS = _fixed.integers(0, 2**64, COLOURS, np.uint64)


@dataclass(frozen=True)
class Variants:
    """The variants of T tasks, V of each at most."""

    counts: np.ndarray
    """(T,) int64, how many distinct variants each task has; the rest of its row is unused."""
    dihedral: np.ndarray
    """(T, V) uint8 in 0..7."""
    colours: np.ndarray
    """(T, V, 10) uint8, the new colour of each colour."""
    unshifted: np.ndarray
    """(T, V) float32 in [0, 1): which of the task's pairs keeps to the top left."""
    numbers: np.ndarray
    """(T, V) int64, the puzzle identifiers; 0 (blank) where a spare place has none."""
    identifiers: int
    """How many puzzle identifiers there are, blank and identifiers of other tasks among them."""

    def name(self, task: str, row: int, variant: int) -> str:
        """The identifier's name: `task`, or `task|||t<dihedral>|||<colours>`."""
        if variant == 0:
            return task
        permutation = "".join(map(str, self.colours[row, variant]))
        return SEPARATOR.join((task, f"t{self.dihedral[row, variant]}", permutation))


def dihedral(grid: np.ndarray, transform: int) -> np.ndarray:
    """A view of a grid (h, w) under a transform; the plain definition of the batch form."""
    rows = -1 if ROWS_REVERSED[transform] else 1
    columns = -1 if COLUMNS_REVERSED[transform] else 1
    reversed_grid = grid[::rows, ::columns]
    return reversed_grid.T if TRANSPOSED[transform] else reversed_grid


def derive(tasks: Sequence[ArcTask], count: int) -> Variants:
    """Derive up to `count` distinct variants of each task.

    Variant number v of a task depends on the task alone, not on `count` or on other tasks.
    """
    found = [_derive_one(task, count) for task in tasks]
    shape = (len(tasks), count)
    variants = Variants(
        np.array([len(numbers) for numbers, _, _ in found], np.int64),
        np.zeros(shape, np.uint8),
        np.tile(np.arange(COLOURS, dtype=np.uint8), (*shape, 1)),
        np.zeros(shape, np.float32),
        1 + np.arange(len(tasks) * count, dtype=np.int64).reshape(shape),
        1 + len(tasks) * count,
    )
    for row, (transforms, colours, unshifted) in enumerate(found):
        variants.dihedral[row, : len(transforms)] = transforms
        variants.colours[row, : len(transforms)] = colours
        variants.unshifted[row, : len(transforms)] = unshifted
    return variants


def _derive_one(task: ArcTask, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    digest = hashlib.sha256(task.name.encode()).digest()
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
    sums = np.stack([_colour_sums(pair) for pair in (*task.train, *task.test)])
    transforms = np.zeros(1, np.uint8)
    colours = np.arange(COLOURS, dtype=np.uint8)[None]
    unshifted = generator.random(1, np.float32)
    hashes = _hashes(sums, transforms, colours)
    first = np.zeros(1, np.int64)
    while len(first) < count and len(hashes) < DRAWS_PER_VARIANT * count + 1:
        drawn = generator.integers(0, 8, BLOCK, np.uint8)
        order = np.tile(np.arange(1, COLOURS, dtype=np.uint8), (BLOCK, 1))
        permuted = np.insert(generator.permuted(order, axis=1), 0, 0, axis=1)
        transforms = np.concatenate([transforms, drawn])
        colours = np.concatenate([colours, permuted])
        unshifted = np.concatenate([unshifted, generator.random(BLOCK, np.float32)])
        hashes = np.concatenate([hashes, _hashes(sums, drawn, permuted)])
        first = np.sort(np.unique(hashes, return_index=True)[1])
    chosen = first[:count]
    return transforms[chosen], colours[chosen], unshifted[chosen]


def _colour_sums(pair: Pair) -> np.ndarray:
    """(8, 10) uint64: per transform and colour, the weights of the places that get the colour.

    The hash of a pair is a sum of place weight x colour weight over its cells (mod 2^64), so that
    a variant's hash needs no transformed grid: the colours' sums are weighted again.
    """
    total = np.zeros((8, COLOURS), np.uint64)
    for grid, weights in zip(pair, _PLACE_WEIGHTS, strict=True):
        if grid is None:
            continue
        height, width = grid.shape
        has_colour = (grid.ravel() == np.arange(COLOURS)[:, None]).astype(np.uint64)
        for number in range(8):
            shape = (width, height) if TRANSPOSED[number] else (height, width)
            target = weights[: shape[0], : shape[1]]
            total[number] += has_colour @ dihedral(target, INVERSE[number]).ravel()
    return total


def _hashes(sums: np.ndarray, transforms: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """(K,) uint64 hashes of a task's set of pairs under K variants; `sums` is (pairs, 8, 10)."""
    pairs = (sums[:, transforms] * _COLOUR_WEIGHTS[colours]).sum(axis=2)
    pairs ^= pairs >> np.uint64(31)  # a plain sum over pairs would stay linear in the colours
    pairs *= np.uint64(0x9E3779B97F4A7C15)
    pairs ^= pairs >> np.uint64(29)
    return np.asarray(pairs.sum(axis=0))
