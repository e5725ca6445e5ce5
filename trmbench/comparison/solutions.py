"""How many right answers puzzles have, where a trial did not count them and others did."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from trmbench.comparison.arrays import one_array
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, data_of, row_name
from trmbench.store import Store

SOLUTIONS = "solutions"
"""The column of a trial's puzzles that has the counts."""


class Solutions:
    """The counts that a store's trials have written: a test of single answers counts none.

    Args:
        store: where the trials are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str | None], pa.Table] = {}

    def filled(self, row: Row, table: pa.Table) -> pa.Table:
        """Take the counts that a trial lacks from others on the same data.

        Args:
            row: the trial's row.
            table: its puzzles; without a column `solutions` it stays as it is.
        """
        if SOLUTIONS not in table.column_names or not table[SOLUTIONS].null_count:
            return table
        own = one_array(table[SOLUTIONS])
        known = self._of(row)
        if known is None:
            return table
        places = pc.index_in(one_array(table["puzzle_id"]), value_set=one_array(known["puzzle_id"]))
        counts = pc.coalesce(own, one_array(known[SOLUTIONS]).take(places))
        return table.set_column(table.column_names.index(SOLUTIONS), SOLUTIONS, counts)

    def _of(self, row: Row) -> pa.Table | None:
        """All counts for the data of a trial, if it is known which these are."""
        key = (row["task"], data_of(row))
        if key[1] is None:
            return None  # equal ids of puzzles may then be those of other puzzles
        if key not in self._known:
            names = [row_name(other) for other in self._store.trials() if _counts(other, key)]
            found = self._store.read("puzzles", ["puzzle_id", SOLUTIONS], names)
            self._known[key] = found.filter(pc.is_valid(found[SOLUTIONS]))
        return self._known[key]


def _counts(row: Row, key: tuple[str, str | None]) -> bool:
    several = max(row["candidates"] or 1, row["votes"] or 1) > 1
    return row["status"] == FINISHED and several and (row["task"], data_of(row)) == key
