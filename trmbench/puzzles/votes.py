"""Votes whose copies permute the cells of a grid and rename its tokens."""

from __future__ import annotations

import numpy as np

from trmbench.spec import PuzzleTable, Votes


def permutation_votes(table: PuzzleTable, cells: np.ndarray, renamed: np.ndarray) -> Votes:
    """The copies of a table's puzzles under symmetries, with the exact way back.

    Args:
        table: N puzzles of L tokens.
        cells: (N, C, L) which cell of the puzzle each cell of the copy shows.
        renamed: (N, C, V) what each token is called in the copy; a permutation of the vocabulary.

    Returns:
        N*C votes, the C copies of a puzzle one after the other.
    """
    copies = cells.shape[1]
    cells, renamed = (array.reshape(-1, array.shape[2]) for array in (cells, renamed))
    names = renamed.argsort(axis=1).astype(np.uint8)
    rows = np.repeat(np.arange(len(table)), copies)

    def restore(votes: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        original = np.empty_like(tokens)
        values = np.take_along_axis(names[votes], tokens.astype(np.intp), axis=1)
        np.put_along_axis(original, cells[votes].astype(np.intp), values, axis=1)
        return original

    def copy(tokens: np.ndarray) -> np.ndarray:
        moved = tokens[rows[:, None], cells]
        return np.take_along_axis(renamed, moved.astype(np.intp), axis=1).astype(np.uint8)

    return Votes(
        PuzzleTable(
            inputs=copy(table.inputs),
            labels=copy(table.labels),
            puzzle_identifiers=table.puzzle_identifiers[rows],
            puzzle_ids=table.puzzle_ids[rows],
            groups=table.groups[rows],
        ),
        restore,
    )
