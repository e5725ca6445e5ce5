"""The moments of a cell's scores at a depth, each read once."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from trmbench.comparison.matching import Point
from trmbench.comparison.scores import ScoreReader
from trmbench.spec.trials import Row
from trmbench.stats import CellMoments, PairedMoments, moments, pair_seeds


class DepthMoments:
    """Reads and keeps the moments at depths that are not those of the tests.

    Args:
        reader: reads the scores.
    """

    def __init__(self, reader: ScoreReader) -> None:
        self._reader = reader
        self._found: dict[tuple[int, int], CellMoments | str] = {}

    def read(self, point: Point, only: pa.Array | None = None) -> CellMoments | str:
        """Read the moments at a point; or say why a trial has no scores there.

        Args:
            point: a cell and a depth.
            only: the ids of the puzzles to keep; None = all.
        """
        cell = point.cell
        if only is not None:
            return self._read(point, only)
        if point.depth is None:
            return cell.moments
        key = (id(cell), point.depth)
        if key not in self._found:
            self._found[key] = self._read(point, None)
        return self._found[key]

    def read_pairs(
        self, a: Point, b: Point, pairs: Sequence[tuple[Row, Row]], only: pa.Array | None = None
    ) -> PairedMoments | str | None:
        """Read the moments of trials that belong together.

        Args:
            a: a cell and a depth.
            b: another one.
            pairs: the rows of the trials of each that belong together.
            only: the ids of the puzzles to keep; None = all.

        Returns:
            None where one counts groups and the other puzzles; where scores are missing, a reason.
        """
        scores = []
        for point, trials in zip((a, b), zip(*pairs, strict=True), strict=True):
            found = self._reader.read(trials, only, point.depth)
            if len(found.tested) < len(trials):
                return found.left_out[0]
            scores.append(found.scores)
        if scores[0].shape[1] != scores[1].shape[1]:
            return None
        failed = len(a.cell.failed), len(b.cell.failed)
        return pair_seeds(scores[0], scores[1], failed)

    def _read(self, point: Point, only: pa.Array | None) -> CellMoments | str:
        trials = point.cell.trials
        found = self._reader.read(trials, only, point.depth)
        if len(found.tested) < len(trials):
            return found.left_out[0]
        return moments(found.scores, failed=len(point.cell.failed))
