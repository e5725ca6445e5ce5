"""Whether an answer is right for an input, in any variant of the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from trmbench import PuzzleTable
from trmbench_arc.grids import FIRST_COLOUR, decode
from trmbench_arc.variants import dihedral


class KnownAnswers:
    """The pairs of a data set, to look answers up in.

    A test input has the outputs that the data give for it. For any other input the pair of input
    and answer must be a variant of a known pair: under some dihedral transform and colour
    permutation, at any place. Without the task that is all that can be asked, and where input and
    transform are symmetric it lets more than one answer pass.

    Args:
        test: the tested puzzles.
        others: further ones.
    """

    def __init__(self, test: PuzzleTable, others: Iterable[PuzzleTable]) -> None:
        self._tables = [test, *others]
        self._exact: dict[bytes, set[bytes]] = {row.tobytes(): set() for row in test.inputs}
        for table in self._tables:
            for question, answer in zip(table.inputs, table.labels, strict=True):
                if question.tobytes() in self._exact:
                    self._exact[question.tobytes()].add(_grid_key(decode(answer)))
        self._variants: set[bytes] | None = None

    def accepts(self, question: np.ndarray, answer: np.ndarray) -> bool:
        """Whether (L,) tokens answer (L,) tokens rightly."""
        exact = self._exact.get(question.tobytes())
        if exact is not None:
            return _grid_key(decode(answer)) in exact
        if self._variants is None:
            self._variants = {
                _pair_key([decode(row[0]), decode(row[1])])
                for table in self._tables
                for row in zip(table.inputs, table.labels, strict=True)
            }
        return _pair_key(_from_their_place(question, answer)) in self._variants


def _from_their_place(question: np.ndarray, answer: np.ndarray) -> list[np.ndarray]:
    """The two grids, which lie at the same place of the canvas."""
    side = round(question.size**0.5)
    filled = question.reshape(side, side) >= FIRST_COLOUR
    down, right = int(filled.any(axis=1).argmax()), int(filled.any(axis=0).argmax())
    boards = (tokens.reshape(side, side) for tokens in (question, answer))
    return [decode(np.roll(board, (-down, -right), (0, 1)).ravel()) for board in boards]


def _pair_key(grids: Sequence[np.ndarray]) -> bytes:
    """The same for all variants of a pair, and for no others."""
    return min(_recoloured_key([dihedral(grid, number) for grid in grids]) for number in range(8))


def _recoloured_key(grids: Sequence[np.ndarray]) -> bytes:
    """Grids with their colours renamed in the order they appear; black stays."""
    cells = np.concatenate([np.zeros(1, np.uint8), *(grid.ravel() for grid in grids)])
    _, first, inverse = np.unique(cells, return_index=True, return_inverse=True)
    renamed = first.argsort().argsort().astype(np.uint8)[inverse]
    shapes = bytes(side for grid in grids for side in grid.shape)
    return shapes + renamed.tobytes()


def _grid_key(grid: np.ndarray) -> bytes:
    return bytes(grid.shape) + grid.tobytes()
