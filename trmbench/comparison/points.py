"""The depths at which a trial was tested: what it scored at each, and what an answer took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from trmbench.comparison.arrays import as_numpy, one_array
from trmbench.spec.trials import Row, row_name
from trmbench.store import Store

EXACT = "exact_accuracy"
_FIGURES = ("score", "exact_accuracy", "valid_accuracy", "cell_accuracy")


class Cost(NamedTuple):
    """What an answer to one puzzle took at a depth; None where a row does not tell."""

    depth: int | None
    flops: float | None
    seconds: float | None


def tested_depth(row: Row) -> int | None:
    """Supervision steps of the answer that counts; None for a model that has none to vary."""
    asked = evaluation_of(row).get("steps")
    recorded = row["depth"] or len(row["exact_accuracy_by_step"] or ()) or None
    if asked is None and recorded == 1:
        return None  # a one-shot model: its single step is what it is, not a smaller budget
    return recorded or asked


def evaluation_of(row: Row) -> Mapping[str, Any]:
    """The `evaluation` section of a trial's configuration."""
    return _evaluation(row["config"] or "{}")


@lru_cache(maxsize=4096)
def _evaluation(config: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(config).get("evaluation", {})
    return found


def costs(row: Row, by_step: bool) -> dict[int | None, Cost]:
    """The cost of an answer by depth; None stands for the answer that counts.

    Seconds are the time of the whole test, shared out evenly over puzzles and supervision steps.

    Args:
        row: of a finished trial.
        by_step: whether every step counts, as it does where only exactness is asked for, and not
            the depths of the curve alone.
    """
    depth, flops = tested_depth(row), row["flops_per_answer"]
    curve: Sequence[Mapping[str, Any]] = row["by_depth"] or ()
    deepest = max((point["depth"] for point in curve), default=depth) or 1
    seconds = row["test_seconds"] and row["test_seconds"] / max(1, row["test_puzzles"] or 0)

    def time(steps: int | None) -> float | None:
        return None if seconds is None else seconds * min(1.0, (steps or deepest) / deepest)

    found: dict[int | None, Cost] = {None: Cost(depth, flops, time(depth))}
    if by_step and depth and not evaluation_of(row).get("early_exit"):
        each = None if flops is None else flops / depth
        for step in range(1, len(row["exact_accuracy_by_step"] or ())):
            found[step] = Cost(step, None if each is None else each * step, time(step))
    for point in curve:
        if point["depth"] != depth:
            found[point["depth"]] = Cost(point["depth"], point["flops"], time(point["depth"]))
    return found


def row_at(row: Row, depth: int) -> Row | None:
    """The row with its figures at another depth; None where they are not known."""
    for point in row["by_depth"] or ():
        if point["depth"] == depth:
            return {**row, **{name: point[name] for name in _FIGURES}}
    by_step = row["exact_accuracy_by_step"] or ()
    if not 0 < depth <= len(by_step):
        return None
    return {
        **row,
        **dict.fromkeys(_FIGURES),
        "score": by_step[depth - 1],
        EXACT: by_step[depth - 1],
    }


def scores_at(store: Store, row: Row, table: pa.Table, column: str, depth: int) -> pa.Table | None:
    """Put the scores at a depth in the place of the ones that count; None where they are lost.

    Args:
        store: where the trial is.
        row: the trial's row.
        table: its puzzles, with the columns `puzzle_id` and `column`.
        column: the column to replace.
        depth: supervision steps; one of `costs`.
    """
    name = row_name(row)
    if any(point["depth"] == depth for point in row["by_depth"] or ()):
        values = _changed(store, name, table, column, depth)
    else:
        values = _by_step(store, name, depth)
    if values is None or len(values) != len(table):
        return None
    return table.set_column(table.column_names.index(column), column, values)


def _changed(store: Store, name: str, table: pa.Table, column: str, depth: int) -> pa.Array | None:
    """The scores that count, but for the puzzles with another answer at this depth."""
    told = store.read("depths", ["puzzle_id", "row", "depth", column], [name])
    told = told.filter(pc.equal(told["depth"], depth))
    places, ids = one_array(told["row"]), one_array(table["puzzle_id"])
    if places.null_count or table[column].null_count or told[column].null_count:
        return None
    if len(told) and not 0 <= pc.min(places).as_py() <= pc.max(places).as_py() < len(ids):
        return None
    if not ids.take(places).equals(one_array(told["puzzle_id"])):
        return None  # the two files are not of one test
    values = as_numpy(one_array(table[column])).copy()
    values[as_numpy(places)] = as_numpy(one_array(told[column]))
    return pa.array(values)


def _by_step(store: Store, name: str, depth: int) -> pa.ChunkedArray | None:
    """Exactness after a supervision step."""
    steps = store.read("puzzles", ["exact_by_step"], [name])["exact_by_step"]
    shortest = pc.min(pc.list_value_length(steps)).as_py()
    if steps.null_count or shortest is None or shortest < depth:
        return None
    return pc.list_element(steps, depth - 1)
