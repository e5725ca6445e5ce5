"""Sudokus with a given number of clues and one solution, no two in one symmetry orbit."""

from __future__ import annotations

import numpy as np

from trmbench import Puzzles, TrmbenchError, distinct_puzzles
from trmbench_sudoku.rules import Rules, rules_of
from trmbench_sudoku.signature import contents, signatures
from trmbench_sudoku.solve import branching_cell, propagate, satisfiable
from trmbench_sudoku.thin import thin

_CHUNK = 1024  # grids worked on at once; a constant, so that more puzzles extend fewer
_FRUITLESS_CHUNKS = 4


def generate(count: int, size: int, clues: int, seed: int, *, tell_orbits: bool = True) -> Puzzles:
    """Digits 0 (blank) to n of `count` puzzles and their solutions, (count, n*n) uint8.

    Random solutions are dug out clue by clue in random order as long as the solution stays unique;
    at 16x16, where that takes long, see `thin`. The first puzzles of a seed do not depend on
    `count`.

    Args:
        count: puzzles wanted.
        size: rows of the grid.
        clues: digits that are given.
        seed: data seed.
        tell_orbits: keep one puzzle of each signature, so that none is in another one's orbit;
            else one of each question.

    Raises:
        TrmbenchError: digging does not get down to so few clues.
    """
    rules = rules_of(size)
    remove = thin if size == 16 else _dig
    random = np.random.default_rng(np.random.SeedSequence([seed, size, clues]))
    return distinct_puzzles(
        count,
        draw=lambda: remove(_random_solutions(rules, random), clues, rules, random),
        signatures=lambda inputs: signatures(inputs, rules) if tell_orbits else contents(inputs),
        patience=_FRUITLESS_CHUNKS,
        too_rare=lambda found: TrmbenchError(
            f"found {found} of {count} {size}x{size} Sudokus with {clues} clues",
            "raise task.clues or ask for fewer puzzles",
        ),
    )


def _random_solutions(rules: Rules, random: np.random.Generator) -> np.ndarray:
    """(n*n, K) uint16 domains of solved grids; random choices that end in a contradiction drop."""
    at_once = _CHUNK if rules.size < 16 else max(1, _CHUNK // 8)
    domains = np.full((rules.size**2, at_once), rules.full, np.uint16)
    while True:
        cell = branching_cell(domains, rules)
        grid = np.arange(domains.shape[1])
        candidates = domains[cell, grid] >> np.arange(rules.size, dtype=np.uint16)[:, None] & 1
        digit = (candidates * (random.random(candidates.shape) + 1)).argmax(axis=0)
        domains[cell, grid] = np.uint16(1) << digit.astype(np.uint16)
        domains, _ = propagate(domains, rules)
        if not (domains & (domains - 1)).any():
            return domains


def _dig(solutions: np.ndarray, clues: int, rules: Rules, random: np.random.Generator) -> Puzzles:
    """Blank cells until `clues` are left; solutions where that fails are dropped."""
    order = random.random(solutions.shape).argsort(axis=0, kind="stable")
    kept = np.ones(solutions.shape, bool)
    for cells in order:
        active = np.flatnonzero(kept.sum(axis=0) > clues)
        cell = cells[active]
        domains = np.where(kept[:, active], solutions[:, active], rules.full).astype(np.uint16)
        # A second solution has another digit in the cell that is to be blanked.
        domains[cell, np.arange(active.size)] = rules.full & ~solutions[cell, active]
        removable = ~satisfiable(domains, rules)
        kept[cell[removable], active[removable]] = False
    done = kept.sum(axis=0) == clues
    digits = (np.log2(solutions[:, done]).round() + 1).astype(np.uint8)
    return Puzzles((digits * kept[:, done]).T.copy(), digits.T.copy())
