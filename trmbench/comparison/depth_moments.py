"""The moments of a cell's scores at a depth, each read once."""

from __future__ import annotations

import pyarrow as pa

from trmbench.comparison.matching import Point
from trmbench.comparison.scores import ScoreReader
from trmbench.stats import CellMoments, moments


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

    def _read(self, point: Point, only: pa.Array | None) -> CellMoments | str:
        trials = point.cell.trials
        found = self._reader.read(trials, only, point.depth)
        if len(found.tested) < len(trials):
            return found.left_out[0]
        return moments(found.scores, failed=len(point.cell.failed))
