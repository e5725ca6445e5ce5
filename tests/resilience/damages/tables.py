"""What can have been written into a Parquet file: other columns, other values, too many of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from resilience.damages.kinds import Damage


def _table(change: Callable[[pa.Table], pa.Table], keep: bool = False) -> Damage:
    """A change of the table, which by default leaves no metadata of its own behind."""

    def damage(path: Path, other: Path) -> None:
        table = change(pq.read_table(path))
        pq.write_table(table if keep else table.replace_schema_metadata(None), path)

    return damage


def _replaced(name: str, values: Callable[[int], Any], kind: pa.DataType | None = None) -> Damage:
    def change(table: pa.Table) -> pa.Table:
        if name not in table.column_names:
            return table.slice(0, 0)
        column = pa.array(values(len(table)), kind)
        return table.set_column(table.column_names.index(name), name, column)

    return _table(change)


def _same(value: Any) -> Callable[[int], list[Any]]:
    return lambda rows: [value] * rows


def _nulls(table: pa.Table) -> pa.Table:
    arrays = [pa.nulls(len(table), field.type) for field in table.schema]
    return pa.Table.from_arrays(arrays, schema=table.schema)


def _texts(table: pa.Table) -> pa.Table:
    return pa.table({name: ["x"] * len(table) for name in table.column_names})


def _wrong_utf8(table: pa.Table) -> pa.Table:
    bad = pa.array([b"\xff\xfe"] * len(table), pa.binary())
    for name in ("label", "error", "puzzle_id", "group"):
        if name in table.column_names:
            place = table.column_names.index(name)
            column = pa.Array.from_buffers(pa.string(), len(bad), bad.buffers())
            table = table.set_column(place, name, column)
    return table


def _bomb(rows: int) -> Callable[[pa.Table], pa.Table]:
    """Many rows, each a copy of the first, in few bytes."""

    def change(table: pa.Table) -> pa.Table:
        first = table.select(["trial_id", *(["step"] if "step" in table.column_names else [])])
        indices = pa.array([0] * rows, pa.int32())
        return pa.table(
            {
                name: pa.DictionaryArray.from_arrays(
                    indices, first[name].slice(0, 1).combine_chunks()
                )
                for name in first.column_names
            }
        )

    return change


PARQUET: dict[str, Damage] = {
    "no rows": _table(lambda table: table.slice(0, 0)),
    "rows twice": _table(lambda table: pa.concat_tables([table, table])),
    "first row only": _table(lambda table: table.slice(0, 1)),
    "no columns": _table(lambda table: table.select([])),
    "another schema": _table(lambda table: pa.table({"a": [1, 2, 3]})),
    "ids only": _table(lambda table: table.select(["trial_id"])),
    "all null": _table(_nulls),
    "all null, signed": _table(_nulls, keep=True),
    "all texts": _table(_texts),
    "not utf-8": _table(_wrong_utf8),
    "metadata noise": _table(
        lambda table: table.replace_schema_metadata({"trmbench_content": "{", "x": b"\xff"}),
        keep=True,
    ),
    "content noise": _table(
        lambda table: table.replace_schema_metadata({"trmbench_content": "[1]"}), keep=True
    ),
    "many rows": _table(_bomb(30_000_000)),
    "ids null": _replaced("trial_id", _same(None), pa.string()),
    "id a path": _replaced("trial_id", _same("../../outside/precious.txt")),
    "evaluation null": _replaced("evaluation_id", _same(None), pa.string()),
    "evaluation empty": _replaced("evaluation_id", _same("")),
    "cell null": _replaced("cell_id", _same(None), pa.string()),
    "another cell": _replaced("cell_id", _same("0" * 12)),
    "seed null": _replaced("seed", _same(None), pa.int64()),
    "seed negative": _replaced("seed", _same(-1)),
    "seed text": _replaced("seed", _same("one")),
    "model null": _replaced("model", _same(None), pa.string()),
    "model gone": _replaced("model", _same("gone")),
    "task gone": _replaced("task", _same("gone")),
    "preset gone": _replaced("preset", _same("gone")),
    "status null": _replaced("status", _same(None), pa.string()),
    "status unknown": _replaced("status", _same("perhaps")),
    "status failed": _replaced("status", _same("failed")),
    "score beyond": _replaced("score", _same(7.0)),
    "score nan": _replaced("score", _same(float("nan"))),
    "score infinite": _replaced("score", _same(float("inf"))),
    "score null": _replaced("score", _same(None), pa.float64()),
    "time infinite": _replaced("train_seconds", _same(float("inf"))),
    "memory negative": _replaced("peak_memory_bytes", _same(-5)),
    "parameters huge": _replaced("parameters", _same(2**62)),
    "begun in no year": _replaced("started_at", _same(2**62), pa.timestamp("us")),
    "steps with gaps": _replaced("exact_accuracy_by_step", _same([None, 0.5])),
    "steps empty": _replaced("exact_accuracy_by_step", _same([])),
    "votes null": _replaced("votes", _same(None), pa.int64()),
    "config no json": _replaced("config", _same("{")),
    "config a list": _replaced("config", _same("[]")),
    "config empty": _replaced("config", _same("{}")),
    "config null": _replaced("config", _same(None), pa.string()),
    "config of texts": _replaced("config", _same('{"task": "a", "model": "b"}')),
    "config empty sections": _replaced(
        "config",
        _same('{"task": {}, "model": {}, "train": {}, "evaluation": {}, "execution": {}}'),
    ),
    "config nested": _replaced("config", _same('{"a": ' + "[" * 5000 + "]" * 5000 + "}")),
    "overrides no json": _replaced("overrides", _same("nan?")),
    "overrides a list": _replaced("overrides", _same("[1]")),
    "totals no json": _replaced("totals", _same("{")),
    "totals of lists": _replaced("totals", _same('{"vote@1": [1]}')),
    "totals markup": _replaced("totals", _same('{"[/]@1": 0.5, "[bold]": 1}')),
    "totals nested": _replaced("totals", _same("[" * 50_000)),
    "provenance no json": _replaced("provenance", _same("]")),
    "provenance lists": _replaced("provenance", _same('{"packages": [1], "git": 5}')),
    "provenance tables": _replaced("provenance", _same('{"packages": {"torch": {"a": []}}}')),
    "provenance of numbers": _replaced("provenance", _same('{"packages": {"torch": 5}}')),
    "label of a novel": _replaced("label", _same("x" * 2_000_000)),
    "provenance data": _replaced("provenance", _same('{"data": {"fingerprint": ["a"]}}')),
    "provenance large": _replaced("provenance", _same('{"a": "' + "x" * 300_000_000 + '"}')),
    "error control characters": _replaced("error", _same("\x1b]0;title\x07 [red]\x00")),
    "exact null": _replaced("exact", _same(None), pa.bool_()),
    "exact a number": _replaced("exact", _same(2)),
    "puzzle id null": _replaced("puzzle_id", _same(None), pa.string()),
    "puzzle id twice": _replaced("puzzle_id", _same("p")),
    "group null": _replaced("group", _same(None), pa.string()),
    "answer null": _replaced("answer", _same(None), pa.binary()),
    "answer short": _replaced("answer", _same(b"\1")),
    "answer wild": _replaced("answer", _same(b"\xff" * 12)),
    "steps of puzzles": _replaced("exact_by_step", _same([True, None, False])),
    "confidence nan": _replaced("halt_probability", _same(float("nan"))),
    "step null": _replaced("step", _same(None), pa.int64()),
    "step the same": _replaced("step", _same(3)),
    "loss infinite": _replaced("loss", _same(float("inf"))),
    "loss null": _replaced("loss", _same(None), pa.float64()),
}
"""Of a file of a dataset, most of them without the names and digests that would give them away."""
