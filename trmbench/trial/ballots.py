"""The augmented copies of test puzzles that vote on the answers."""

from __future__ import annotations

import dataclasses

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.spec import Predictions, PuzzleTable
from trmbench.spec.puzzles import Pairs
from trmbench.trial.build import TrialParts

BALLOT_SEED = 0
"""Every model and every seed votes on the same augmented copies."""


class Ballots:
    """The votes on the puzzles of one table."""

    def __init__(self, parts: TrialParts, table: PuzzleTable) -> None:
        votes = parts.task.votes(parts.evaluation.votes, BALLOT_SEED)
        self._rows = np.flatnonzero(np.isin(votes.table.puzzle_ids, table.puzzle_ids))
        self._restore, self._pairs = votes.restore, votes.demonstrations
        everything = len(self._rows) == len(votes.table)  # no copy of what may be a gigabyte
        self.table = votes.table if everything else votes.table.select(self._rows)

    def pairs(self, row: int) -> Pairs:
        """The demonstrations of a puzzle, as its copy in a row sees them.

        Raises:
            TrmbenchError: the task does not tell them.
        """
        if self._pairs is None:
            raise TrmbenchError(
                "the model learns from demonstrations, which the task has not for augmented copies",
                "use --set evaluation.votes=1, or --votes 1",
            )
        return self._pairs(int(self._rows[row]))

    def restored(self, predictions: Predictions) -> Predictions:
        """Take the answers back to the frame of their puzzles."""
        tokens = self._restore(self._rows, predictions.tokens)
        return dataclasses.replace(predictions, tokens=tokens)
