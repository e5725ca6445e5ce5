"""The scores of trials, puzzle by puzzle, aligned and checked.

Puzzle ids stay in Arrow: a store may hold tens of millions of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trmbench.comparison.arrays import as_numpy, one_array
from trmbench.comparison.metrics import NAMED, Derived, Values, derived
from trmbench.comparison.points import EXACT, row_at, scores_at
from trmbench.comparison.solutions import Solutions
from trmbench.spec.metrics import PRIMARY, STORED, VALID, figure_of, rule_of
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, row_name, seeds_named
from trmbench.stats import average_groups, lowest_of_groups
from trmbench.store import Store

_AGAIN = "`trmbench evaluate` tests it again"
_BY_COLUMN = "scored by column"
"""Key of a row whose scores are in another column of its puzzles than `score`."""


def metric_of(row: Row) -> str:
    """The metric of a finished trial's score."""
    metric: str | None = row["primary_metric"]
    return metric or "exact_accuracy"


def scored_alike(rows: Sequence[Row]) -> list[Row]:
    """Score trials by valid answers, if they counted the label alone and others of the task do not.

    A task that changed its score in this way has both columns of all of its trials.
    """
    finished = [row for row in rows if row["status"] == FINISHED]
    counts_every = {row["task"] for row in finished if metric_of(row) == VALID}
    return [
        {**row, "primary_metric": VALID, "score": row["valid_accuracy"], _BY_COLUMN: "valid"}
        if row["task"] in counts_every and row["status"] == FINISHED and metric_of(row) == EXACT
        else row
        for row in rows
    ]


def is_scored_anew(row: Row) -> bool:
    """Whether a trial counts by another figure than the one that its row was written with."""
    return _BY_COLUMN in row


@dataclass(frozen=True, eq=False)
class PuzzleSet:
    """The units that trials were tested on: puzzles, or groups of them."""

    ids: pa.Array
    """(P,) puzzle ids."""
    groups: np.ndarray | None
    """(P,) which unit a puzzle belongs to; None = each is its own."""
    units: pa.Array
    """(U,) names of the units, in the order of the scores' columns."""

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True, eq=False)
class CellScores:
    """The scores of one cell's trials."""

    puzzles: PuzzleSet | None
    """None where no trial has readable scores."""
    scores: np.ndarray
    """(K, U) float64 or bool."""
    tested: tuple[Row, ...]
    """The rows of the K trials."""
    left_out: tuple[str, ...]
    """A line per reason for which finished trials could not be used."""


class ScoreReader:
    """Reads scores; cells tested on the same puzzles share one `PuzzleSet`, whatever the order."""

    def __init__(self, store: Store, metric: str = PRIMARY) -> None:
        self._store = store
        self._metric = metric
        self._column = STORED.get(metric, STORED[PRIMARY])
        self._derived = derived(metric)
        self._solutions = Solutions(store)
        self._sets: list[PuzzleSet] = []
        self._ungrouped: dict[int, PuzzleSet] = {}

    def read(
        self, trials: Sequence[Row], only: pa.Array | None = None, depth: int | None = None
    ) -> CellScores:
        """Read the scores of one cell's finished trials.

        Args:
            trials: their rows.
            only: the ids of the puzzles to keep; None = all.
            depth: supervision steps after which the answers count; None = those of the test.
        """
        puzzles: PuzzleSet | None = None
        scores, tested = [], []
        left_out: dict[str, list[Row]] = {}
        wanted = dict.fromkeys(name for row in trials for name in self._columns_of(row))
        columns = ["puzzle_id", *wanted]
        tables = self._store.each("puzzles", columns, map(row_name, trials))
        for row, table in zip(trials, tables, strict=True):
            result = self._trial(row, table, only, depth)
            if isinstance(result, str):
                left_out.setdefault(result, []).append(row)
                continue
            found, values = result
            puzzles = puzzles or found
            if found is not puzzles:
                reason = "it was tested on other puzzles than the cell's first"
                left_out.setdefault(reason, []).append(row)
                continue
            scores.append(values)
            tested.append(row)
        if puzzles is None:
            return CellScores(None, np.empty((0, 0)), (), _lines(left_out))
        matrix = np.stack(scores)
        rule = rule_of(metric_of(tested[0]) if self._metric == PRIMARY else self._metric)
        if puzzles.groups is not None and rule == "output":
            puzzles = self._each_for_itself(puzzles)
        elif puzzles.groups is not None:
            of_groups = lowest_of_groups if rule == "all" else average_groups
            matrix = of_groups(matrix, puzzles.groups)
        return CellScores(puzzles, matrix, tuple(tested), _lines(left_out))

    def _computed(self, row: Row) -> Derived | None:
        """How the metric of a trial is computed, if it is no column."""
        same_figure = figure_of(metric_of(row)) == figure_of(self._metric)
        return None if self._metric in STORED or same_figure else self._derived

    def _columns_of(self, row: Row) -> Sequence[str]:
        """The columns of a trial's puzzles that its scores need."""
        computed = self._computed(row)
        return computed.columns if computed else (self._column_of(row),)

    def _column_of(self, row: Row) -> str:
        """The column of a trial's puzzles that has its scores."""
        column: str = row.get(_BY_COLUMN, self._column) if self._metric == PRIMARY else self._column
        return column

    def _each_for_itself(self, puzzles: PuzzleSet) -> PuzzleSet:
        """The same puzzles without groups; the same object at every call."""
        return self._ungrouped.setdefault(id(puzzles), PuzzleSet(puzzles.ids, None, puzzles.ids))

    def _trial(
        self, row: Row, table: pa.Table | None, only: pa.Array | None, depth: int | None
    ) -> tuple[PuzzleSet, np.ndarray] | str:
        """The puzzles of a trial and its scores (P,) in their order, or why there are none."""
        name, column = row_name(row), self._column_of(row)
        if table is None or len(table) == 0:
            return "its file in puzzles/ is missing, empty or damaged"
        told = row["test_puzzles"]
        if told not in (None, len(table)):
            return f"its file in puzzles/ does not fit its row: {len(table):,} of {told:,} puzzles"
        computed = self._computed(row)
        if computed:
            scores = _compute(computed, row, self._solutions.filled(row, table), depth)
            if isinstance(scores, str):
                return scores
            column = self._metric
            table = pa.table({"puzzle_id": table["puzzle_id"], column: scores})
        elif depth is not None:
            told_at, table_at = (
                row_at(row, depth),
                scores_at(self._store, row, table, column, depth),
            )
            if told_at is None or table_at is None:
                return f"its scores after {depth} supervision steps are missing or damaged"
            row, table = told_at, table_at
        if only is not None:
            table = table.filter(pc.is_in(table["puzzle_id"], value_set=only))
        values = table[column]
        if values.null_count == len(values) and column == STORED[PRIMARY]:
            # Before there was a score, exactness was the only one.
            column, values = "exact", self._store.read("puzzles", ["exact"], [name])["exact"]
        if values.null_count or len(values) != len(table):
            return f"{values.null_count:,} of its puzzles have no {column}"
        ids = one_array(table["puzzle_id"])
        whole = only is None and not computed
        problem = _out_of_range(values) or (_misfit(row, column, values) if whole else None)
        if problem is not None:
            return problem
        numbers = as_numpy(one_array(values))
        for known in self._sets:
            if ids.equals(known.ids):
                return known, numbers
        for known in self._sets:
            order = _order(known.ids, ids)
            if order is not None:
                return known, numbers[order]
        if pc.count_distinct(ids).as_py() != len(ids):
            return "its file in puzzles/ has puzzles twice"
        self._sets.append(self._new_set(name, ids, only))
        return self._sets[-1], numbers

    def _new_set(self, name: str, ids: pa.Array, only: pa.Array | None) -> PuzzleSet:
        table = self._store.read("puzzles", ["puzzle_id", "group"], [name])
        if only is not None:
            table = table.filter(pc.is_in(table["puzzle_id"], value_set=only))
        groups = one_array(table["group"])
        if groups.null_count or groups.equals(ids):
            return PuzzleSet(ids, None, ids)
        codes = groups.dictionary_encode()
        return PuzzleSet(ids, as_numpy(codes.indices), codes.dictionary)


def _compute(computed: Derived, row: Row, table: pa.Table, depth: int | None) -> Values:
    """The scores (P,) of a trial's puzzles, or why there are none."""
    if depth is not None:
        return f"this metric is not known after {depth} supervision steps"
    told = max(row["candidates"] or 1, row["votes"] or 1)
    if "candidates" in computed.columns and table["candidates"].null_count and told > 1:
        return f"its {told:,} answers to each puzzle were not kept; {_AGAIN}"
    found = computed.of(table)
    if isinstance(found, str) and computed.columns == NAMED:
        found += f"; it was scored by {metric_of(row)}; {_AGAIN}"
    return found


def shared_ids(a: PuzzleSet, b: PuzzleSet) -> pa.Array:
    """Return the ids of the puzzles that both sets have."""
    return a.ids.filter(pc.is_in(a.ids, value_set=b.ids))


def _order(wanted: pa.Array, ids: pa.Array) -> np.ndarray | None:
    """Find where each wanted id is in `ids`; None unless the two are the same set."""
    if len(wanted) != len(ids):
        return None
    positions = pc.index_in(wanted, value_set=ids)
    return None if positions.null_count else as_numpy(positions)


def _out_of_range(values: pa.ChunkedArray) -> str | None:
    if pa.types.is_boolean(values.type):
        return None
    limits = pc.min_max(values).as_py()
    if limits["min"] >= 0 and limits["max"] <= 1:
        return None
    return f"its scores lie in {limits['min']:g}..{limits['max']:g} instead of 0..1"


def _misfit(row: Row, column: str, values: pa.ChunkedArray) -> str | None:
    """Why scores cannot be the ones that a trial's row tells of."""
    name = {"exact": "exact_accuracy", "valid": "valid_accuracy"}.get(column, column)
    if name == "score" and row["primary_metric"] in json.loads(row["totals"] or "{}"):
        return None  # the row tells of whole groups of puzzles
    told, mean = row[name], pc.mean(values).as_py()
    if told is None or math.isnan(told) or math.isclose(told, mean, abs_tol=1e-6):
        return None
    return f"its file in puzzles/ does not fit its row: {name} {mean:.6f} instead of {told:.6f}"


def _lines(left_out: Mapping[str, Sequence[Row]]) -> tuple[str, ...]:
    return tuple(f"left out {_labels(rows)}: {why}" for why, rows in left_out.items())


def _labels(rows: Sequence[Row]) -> str:
    first = rows[0]
    name = f"{first['model']} {first['task']}"
    if len(rows) == 1:
        return f"{name} seed {first['seed']} ({first['trial_id']})"
    return f"{name} {seeds_named(row['seed'] for row in rows)}"
