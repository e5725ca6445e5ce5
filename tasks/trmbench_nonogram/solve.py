"""Solve many Nonograms at once, line by line.

A line's clue "2 1" is the regular expression w* b b w+ b w*. Its states fit the bits of a machine
word, so all places where the runs may lie are followed together (Baeza-Yates and Gonnet 1992, "A
new approach to text searching"), for every line of every puzzle.
"""

from __future__ import annotations

import numpy as np

WHITE, BLACK = 1, 2
"""Bits of a cell's domain: what it may be. 3 = unknown, 0 = contradiction."""


def solve(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conclude from the clues of one line at a time, until nothing more follows.

    A puzzle that this solves has one solution only.

    Args:
        rows: (N, n, m) uint8 lengths of the runs of each row, in order; zeros do not count.
        columns: (N, n, m) uint8 lengths of the runs of each column.

    Returns:
        Domains (N, n, n) uint8 of the cells, and the rounds (N,) until the last change.
    """
    count, size, _ = rows.shape
    domains = np.full((count, size, size), WHITE | BLACK, np.uint8)
    rounds = np.zeros(count, int)
    automata = [_automaton(clues) for clues in (rows, columns)]
    active = np.arange(count)
    while active.size:
        before = domains[active]
        after = _narrow(before, [part[active] for part in automata[0]])
        turned = _narrow(after.swapaxes(1, 2), [part[active] for part in automata[1]])
        domains[active] = turned.swapaxes(1, 2)
        active = active[(domains[active] != before).any(axis=(1, 2))]
        rounds[active] += 1
    return domains, rounds


def _automaton(clues: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bit sets (N, n) uint64 of the states that are white, black and accepting.

    State 0 is white, then each run of r cells is r black states and a white one.
    """
    white = np.ones(clues.shape[:2], np.uint64)
    black = np.zeros_like(white)
    length = np.ones_like(white)
    one = np.uint64(1)
    for run in np.moveaxis(clues.astype(np.uint64), 2, 0):
        black |= ((one << run) - one) << length
        white |= np.where(run > 0, one << (length + run), np.uint64(0))
        length += np.where(run > 0, run + one, np.uint64(0))
    last = one << (length - one)
    return white, black, last | (last >> one)


def _narrow(domains: np.ndarray, automaton: list[np.ndarray]) -> np.ndarray:
    """Domains (N, n, n) after looking at each line along the last axis once."""
    white, black, accepting = automaton
    size = domains.shape[2]
    one = np.uint64(1)
    # Where a cell may not be of a colour, no state of that colour may be entered.
    may_white = np.where(domains & WHITE, white[..., None], np.uint64(0))
    may_black = np.where(domains & BLACK, black[..., None], np.uint64(0))
    entered = np.empty((2, *domains.shape), np.uint64)
    state = np.ones_like(white)
    for cell in range(size):
        entered[0, ..., cell] = (state | (state << one)) & may_white[..., cell]
        entered[1, ..., cell] = (state << one) & may_black[..., cell]
        state = entered[0, ..., cell] | entered[1, ..., cell]
    narrowed = np.empty_like(domains)
    state = accepting
    for cell in reversed(range(size)):
        by_white = entered[0, ..., cell] & state
        by_black = entered[1, ..., cell] & state
        narrowed[..., cell] = (by_white > 0) * WHITE + (by_black > 0) * BLACK
        state = by_white | (by_white >> one) | (by_black >> one)
    return narrowed
