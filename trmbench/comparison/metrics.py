"""Metrics that are no column of their own: figures of candidates, and scores that a task names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trmbench.comparison.arrays import as_numpy, one_array
from trmbench.errors import unknown
from trmbench.spec.metrics import (
    ABSTAINED,
    OF_CANDIDATES,
    STORED,
    figure_of,
    is_free,
    of_candidates,
)
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, row_name
from trmbench.stats import pass_at, selected_at, solutions_at
from trmbench.store import Store

NAMED = ("score_names", "named_scores")
"""Columns of the scores that a task names."""
Values: TypeAlias = np.ndarray | str
"""The scores (P,) of a trial's puzzles, or why there are none."""


class Derived(NamedTuple):
    """How a metric is computed from columns of a trial's puzzles."""

    columns: tuple[str, ...]
    of: Callable[[pa.Table], Values]


def derived(metric: str) -> Derived | None:
    """How a metric is computed; None if it is a column, or a score by another rule.

    Args:
        metric: its name, which may say a rule.
    """
    name = figure_of(metric)
    if name == ABSTAINED:
        return Derived((ABSTAINED,), _abstained)
    found = of_candidates(name)
    if found:
        columns, values = _OF_CANDIDATES[found[0]]
        return Derived(("candidates", "valid", *columns), partial(values, k=found[1]))
    return Derived(NAMED, partial(_named, name)) if is_free(name) else None


def check_metric(store: Store, rows: Iterable[Row], metric: str) -> None:
    """Refuse a metric that no trial has.

    Args:
        store: where the trials are.
        rows: their rows.
        metric: its name.

    Raises:
        TrmbenchError: there is no such metric; the line lists those of the store.
    """
    if metric in STORED or figure_of(metric) == ABSTAINED or of_candidates(metric):
        return
    finished = [row for row in rows if row["status"] == FINISHED]
    ruled = {
        name for row in finished if (name := row["primary_metric"]) and figure_of(name) != name
    }
    if figure_of(metric) in {figure_of(name) for name in ruled} and metric != figure_of(metric):
        return
    named = {name for row in finished for name in names_of(store, row)}
    if figure_of(metric) not in named:
        several = any((row["candidates"] or 1) > 1 or (row["votes"] or 1) > 1 for row in finished)
        figures = [f"{name}@K" for name in OF_CANDIDATES if several]
        raise unknown("metric", metric, {*STORED, ABSTAINED, *ruled, *named, *figures})


def names_of(store: Store, row: Row) -> list[str]:
    """The names of the scores that a trial's task gives each puzzle."""
    found = store.read("puzzles", ["score_names"], [row_name(row)])["score_names"]
    return (found[0].as_py() or []) if len(found) else []


def _abstained(table: pa.Table) -> Values:
    return as_numpy(one_array(pc.fill_null(table[ABSTAINED], False)))


def _named(name: str, table: pa.Table) -> Values:
    names, scores = (one_array(table[column]) for column in NAMED)
    first: list[str] = (names[0].as_py() if len(names) else None) or []
    if name not in first:
        return f"its puzzles have no score {name}"
    place = first.index(name)
    lengths = [pc.min(pc.list_value_length(lists)).as_py() for lists in (names, scores)]
    if names.null_count or scores.null_count or min(lengths) <= place:
        return f"some of its puzzles have no score {name}"
    if not pc.all(pc.equal(pc.list_element(names, place), name)).as_py():
        return f"its puzzles do not have their score {name} in one place"
    return as_numpy(pc.list_element(scores, place))


def _counts(table: pa.Table, k: int | None) -> tuple[np.ndarray, np.ndarray] | str:
    """(P,) candidates, 1 where there was one answer, and whether the answer is right."""
    valid = table["valid"]
    if valid.null_count:
        return f"{valid.null_count:,} of its puzzles have no valid"
    counts = as_numpy(one_array(pc.fill_null(table["candidates"], 1)))
    least = counts.min(initial=k or 1)
    if k is not None and least < k:
        several = "1 candidate" if least == 1 else f"{least:,} candidates"
        return f"its puzzles have {several}, fewer than {k:,}"
    return counts, as_numpy(one_array(valid))


def _several(table: pa.Table, column: str, otherwise: np.ndarray) -> np.ndarray | str:
    """A column of puzzles with several candidates; of those with one answer something else."""
    values = one_array(table[column])
    missing = pc.and_(pc.is_null(values), pc.is_valid(table["candidates"]))
    if count := pc.sum(missing).as_py():
        return f"{count:,} of its puzzles have no {column}"
    return as_numpy(pc.coalesce(values, pa.array(otherwise).cast(values.type)))


def _pass(table: pa.Table, k: int | None) -> Values:
    found = _counts(table, k)
    if isinstance(found, str):
        return found
    counts, valid = found
    right = _several(table, "candidates_right", valid)
    if isinstance(right, str):
        return right
    return right > 0 if k is None else pass_at(counts, right, k)


def _selected(table: pa.Table, k: int | None) -> Values:
    """The answer that the model chose; of fewer candidates than there are, the one it would."""
    found = _counts(table, k)
    if isinstance(found, str):
        return found
    counts, valid = found
    scores = valid.astype(np.float64)
    for count in np.unique(counts[counts != (k or counts)]).tolist():
        rows = np.flatnonzero(counts == count)
        some = one_array(table["right_by_score"]).take(pa.array(rows))
        if some.null_count or pc.any(pc.not_equal(pc.list_value_length(some), count)).as_py():
            return f"whom it would choose of {k} of its {count} candidates is not known"
        scores[rows] = selected_at(as_numpy(some.flatten()).reshape(len(rows), count), k or count)
    return scores


def _mode(table: pa.Table, k: int | None) -> Values:
    found = _counts(table, k)
    if isinstance(found, str):
        return found
    counts, valid = found
    if k is not None and (counts != k).any():
        return f"the most frequent of its {counts.max():,} candidates is known, not that of {k:,}"
    return _several(table, "mode_right", valid)


def _coverage(table: pa.Table, k: int | None) -> Values:
    found = _counts(table, k)
    if isinstance(found, str):
        return found
    counts, valid = found
    solutions = one_array(table["solutions"])
    if solutions.null_count:
        return (
            f"nobody counted the right answers to {solutions.null_count:,} of its puzzles;"
            " tests with candidates or votes do, where the task counts them"
        )
    distinct = _several(table, "distinct_right", valid)
    if isinstance(distinct, str):
        return distinct
    found_of = distinct
    if k is not None and (counts != k).any():
        lists = one_array(table["times_found"])
        puzzle, times = as_numpy(pc.list_parent_indices(lists)), as_numpy(lists.flatten())
        found_of = solutions_at(times, puzzle, counts, k)
    shares: np.ndarray = found_of / as_numpy(solutions)
    return shares


_OF_CANDIDATES: dict[str, tuple[tuple[str, ...], Callable[..., Values]]] = {
    "pass": (("candidates_right",), _pass),
    "selected": (("right_by_score",), _selected),
    "mode": (("mode_right",), _mode),
    "coverage": (("distinct_right", "times_found", "solutions"), _coverage),
}
"""The further columns that each figure of candidates needs, and how it is computed."""
