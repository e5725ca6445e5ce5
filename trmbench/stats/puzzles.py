"""A cross-table of the puzzles that two models solve."""

from __future__ import annotations

from dataclasses import dataclass

from .cells import CellMoments, ScoreArray, moments


@dataclass(frozen=True)
class PuzzleCounts:
    """Puzzles by who solves them, expected for one random seed of each model; they add up to P.

    `both + only_a` is P times A's mean score. With one seed each they are plain counts.
    """

    both: float
    only_a: float
    only_b: float
    neither: float


def puzzle_table(a: ScoreArray | CellMoments, b: ScoreArray | CellMoments) -> PuzzleCounts:
    """Cross-table of the scores (K_A, P) and (K_B, P) of two cells on the same puzzles.

    Averages over all pairs of a seed of A with one of B; a partial score counts in part.

    Raises:
        ValueError: different numbers of puzzles, or no finished seed.
    """
    cell_a, cell_b = moments(a), moments(b)
    if cell_a.puzzles != cell_b.puzzles:
        raise ValueError(f"A has {cell_a.puzzles} puzzles and B {cell_b.puzzles}")
    if not cell_a.seeds or not cell_b.seeds:
        raise ValueError("no finished seed: there is nothing to cross-tabulate")
    both = float(cell_a.puzzle_means @ cell_b.puzzle_means)
    solved_a, solved_b = float(cell_a.puzzle_means.sum()), float(cell_b.puzzle_means.sum())
    neither = cell_a.puzzles - solved_a - solved_b + both
    return PuzzleCounts(both, solved_a - both, solved_b - both, neither)
