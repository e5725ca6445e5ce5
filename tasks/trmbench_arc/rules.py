"""Rules that turn a small grid into another: each rule of this library, for stacks of grids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

import numpy as np

from trmbench_arc.grids import COLOURS
from trmbench_arc.variants import dihedral

Rule = Callable[[np.ndarray], np.ndarray]
"""Grids (N, n, n) uint8 to as many of the same size; black is the background."""


@cache
def families() -> Mapping[str, Mapping[str, Rule]]:
    """Every rule by its family and its name."""
    return {
        "turn": {f"turn {number}": partial(_turned, number) for number in range(1, 8)},
        "shift": {name: partial(_moved, _shifted, turns) for name, turns in _sides()},
        "fall": {name: partial(_moved, _fallen, turns) for name, turns in _sides()},
        "ray": {name: partial(_moved, _drawn, turns) for name, turns in _sides()},
        "recolour": {
            f"{old} becomes {new}": partial(_recoloured, old, new)
            for old in range(COLOURS)
            for new in range(COLOURS)
            if old != new
        },
    }


def explanations(inputs: np.ndarray, outputs: np.ndarray) -> list[Rule]:
    """Find the rules that turn each of some inputs (N, n, n) into its output (N, n, n)."""
    every = (rule for rules in families().values() for rule in rules.values())
    return [rule for rule in every if (rule(inputs) == outputs).all()]


def _sides() -> Iterator[tuple[str, int]]:
    """The four directions, by the quarter turns that make each of them the direction down."""
    return zip(("down", "left", "up", "right"), range(4), strict=True)


def _turned(number: int, grids: np.ndarray) -> np.ndarray:
    """Turn or mirror each grid, by the transforms of `trmbench_arc.variants`."""
    return np.stack([dihedral(grid, number) for grid in grids])


def _moved(rule: Rule, turns: int, grids: np.ndarray) -> np.ndarray:
    """Apply a rule that works downwards in another direction."""
    return np.rot90(rule(np.rot90(grids, turns, (1, 2))), -turns, (1, 2))


def _shifted(grids: np.ndarray) -> np.ndarray:
    """Move each cell one down; the last row becomes the first."""
    return np.roll(grids, 1, axis=1)


def _fallen(grids: np.ndarray) -> np.ndarray:
    """Let the cells that have a colour fall down onto each other."""
    order = (grids != 0).argsort(axis=1, kind="stable")
    return np.take_along_axis(grids, order, axis=1)


def _drawn(grids: np.ndarray) -> np.ndarray:
    """Draw a line from each cell that has a colour down to the next one."""
    rows = np.arange(grids.shape[1])[:, None]
    above = np.maximum.accumulate(np.where(grids != 0, rows, 0), axis=1)
    return np.take_along_axis(grids, above, axis=1)


def _recoloured(old: int, new: int, grids: np.ndarray) -> np.ndarray:
    """Give the cells of one colour, or the background, another one."""
    return np.where(grids == old, np.uint8(new), grids)
