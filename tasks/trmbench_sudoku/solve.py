"""Many Sudokus searched at once: bit sets of candidates, propagation, breadth-first branching.

Domains are (n*n, M) uint16: the candidate digits of every cell, of M grids side by side, so that
each operation runs over contiguous memory.
"""

from __future__ import annotations

import numpy as np

from trmbench_sudoku.rules import Rules


def propagate(domains: np.ndarray, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Apply naked and hidden singles until nothing changes.

    Returns:
        The domains of the grids without contradiction (n*n, K), and which those are (K,).
    """
    alive = np.arange(domains.shape[1])
    while True:
        single = np.where(domains & (domains - 1), 0, domains).astype(np.uint16)
        placed, placed_twice = _tally(single, rules)
        possible, possible_twice = _tally(domains, rules)
        sound = (possible == rules.full).all(axis=0) & ~placed_twice.any(axis=0)
        reduced = np.where(single, domains, domains & ~_of_cells(placed, rules))
        hidden = domains & _of_cells(possible & ~possible_twice, rules)
        reduced = np.where(hidden, hidden, reduced)
        sound &= reduced.all(axis=0)
        changed = (reduced != domains).any()
        if not sound.all():
            reduced, alive = reduced[:, sound], alive[sound]
        if not changed or not alive.size:
            return reduced, alive
        domains = reduced


def satisfiable(domains: np.ndarray, rules: Rules) -> np.ndarray:
    """(M,) bool: whether each grid has at least one solution within its domains."""
    found = np.zeros(domains.shape[1], bool)
    owner = np.arange(domains.shape[1])
    while owner.size:
        domains, alive = propagate(domains, rules)
        owner = owner[alive]
        finished = ~(domains & (domains - 1)).any(axis=0)
        found[owner[finished]] = True
        pending = ~found[owner]
        domains, owner = branched(domains[:, pending], rules), np.tile(owner[pending], 2)
    return found


def count_solutions(domains: np.ndarray, rules: Rules, most: int) -> np.ndarray:
    """(M,) int64: the solutions of each grid; 0 also where it takes too many branches."""
    found = np.zeros(domains.shape[1], np.int64)
    owner = np.arange(domains.shape[1])
    given_up = np.zeros(domains.shape[1], bool)
    while owner.size:
        domains, alive = propagate(domains, rules)
        owner = owner[alive]
        finished = ~(domains & (domains - 1)).any(axis=0)
        found += np.bincount(owner[finished], minlength=len(found))
        branches = np.bincount(owner[~finished], minlength=len(found))
        given_up |= branches + found > most
        pending = ~finished & ~given_up[owner]
        domains, owner = branched(domains[:, pending], rules), np.tile(owner[pending], 2)
    return np.where(given_up, 0, found)


def branched(domains: np.ndarray, rules: Rules) -> np.ndarray:
    """(n*n, 2M) domains of M undecided grids, with one candidate of a cell and without it."""
    cell, grid = branching_cell(domains, rules), np.arange(domains.shape[1])
    chosen = domains[cell, grid] & -domains[cell, grid]
    first, rest = domains.copy(), domains
    first[cell, grid] = chosen
    rest[cell, grid] &= ~chosen
    return np.concatenate([first, rest], axis=1)


def branching_cell(domains: np.ndarray, rules: Rules) -> np.ndarray:
    """(M,) the undecided cell with the fewest candidates."""
    sizes = np.zeros(domains.shape, np.uint8)
    for digit in range(rules.size):
        sizes += (domains >> digit & 1).astype(np.uint8)
    sizes[sizes == 1] = rules.size + 1
    return np.asarray(sizes.argmin(axis=0))


def _tally(bits: np.ndarray, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """(3n, M) twice: the digits that occur in each unit, and those that occur more than once."""
    once = bits[rules.units[:, 0]]
    twice = np.zeros_like(once)
    for place in range(1, rules.size):
        cell = bits[rules.units[:, place]]
        twice |= once & cell
        once |= cell
    return once, twice


def _of_cells(unit_bits: np.ndarray, rules: Rules) -> np.ndarray:
    """(n*n, M) union of the bits of each cell's three units."""
    row, column, box = rules.unit_of_cell.T
    return np.asarray(unit_bits[row] | unit_bits[column] | unit_bits[box])
