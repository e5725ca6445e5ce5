"""What can have happened to a file: each damage is a function of it and another of its kind."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Damage = Callable[[Path, Path], None]
"""Gets the file, and another file of the same kind that belongs to another trial."""
OUTSIDE = "outside"
"""A folder next to the results folder, which nothing may change."""


def _cut(path: Path, keep: Callable[[int], int]) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: keep(len(content))])


def _flip(path: Path, where: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(where * (len(content) - 1))] ^= 0x10
    path.write_bytes(bytes(content))


def _noise(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(max(64, path.stat().st_size)))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "precious").write_text("precious")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def _link_outside(path: Path) -> None:
    """A link to the very file, kept outside of the results folder."""
    outside = next(p for p in path.parents if (p / OUTSIDE).exists()) / OUTSIDE
    moved = path.rename(outside / path.name)
    path.symlink_to(moved)


def _swap(path: Path, other: Path) -> None:
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def _link_to_folder(path: Path) -> None:
    outside = next(p for p in path.parents if (p / OUTSIDE).exists()) / OUTSIDE
    _link(path, outside)


ANY: dict[str, Damage] = {
    "missing": lambda path, other: path.unlink(),
    "empty": lambda path, other: _cut(path, lambda size: 0),
    "half": lambda path, other: _cut(path, lambda size: size // 2),
    "one byte short": lambda path, other: _cut(path, lambda size: size - 1),
    "first byte": lambda path, other: _cut(path, lambda size: 1),
    "noise": lambda path, other: _noise(path),
    "zeros": lambda path, other: path.write_bytes(bytes(path.stat().st_size)) and None,
    "twice": lambda path, other: path.write_bytes(path.read_bytes() * 2) and None,
    "text": lambda path, other: path.write_text("nothing of ours\n") and None,
    "another trial's": lambda path, other: path.write_bytes(other.read_bytes()) and None,
    "swapped": _swap,
    "folder": lambda path, other: _folder(path),
    "pipe": lambda path, other: _pipe(path),
    "socket": lambda path, other: _socket(path),
    "dangling link": lambda path, other: _link(path, path.parent / "nowhere"),
    "circle": lambda path, other: _link(path, path),
    "link outside": lambda path, other: _link_outside(path),
    "link to a folder": lambda path, other: _link_to_folder(path),
    "link to another": lambda path, other: _link(path, other),
    "link to a device": lambda path, other: _link(path, Path("/dev/zero")),
    "locked": lambda path, other: path.chmod(0),
    **{
        f"bit flipped at {where:.2f}": lambda path, other, where=where: _flip(path, where)
        for where in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 1.0)
    },
}


def _json(change: Callable[[Any], Any]) -> Damage:
    def damage(path: Path, other: Path) -> None:
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return damage


def _nested(path: Path, other: Path) -> None:
    path.write_text('{"values": ' + "[" * 50_000 + "]" * 50_000 + "}")


def _each(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    """A change of the object, or of each object in a list."""

    def changed(value: Any) -> Any:
        for item in value if isinstance(value, list) else [value]:
            change(item)
        return value

    return changed


def _seeds(value: Any) -> Callable[[Any], Any]:
    return _each(lambda cell: cell.update(seeds=value) if "seeds" in cell else cell.clear())


def _field(name: str, value: Any) -> Callable[[Any], Any]:
    return _each(lambda cell: cell.get("cell", cell.get("values", cell)).update({name: value}))


JSON: dict[str, Damage] = {
    **{
        f"json {value!r}": _json(lambda _, value=value: value)
        for value in (None, [], {}, [[]], [{}], [None], 7, "text", {"values": {}}, {"sha256": 1})
    },
    "json not utf-8": lambda path, other: path.write_bytes(b'{"a": "\xff\xfe"}') and None,
    "json nested": _nested,
    "json long number": lambda path, other: path.write_text("[" + "9" * 9_000 + "]") and None,
    "json keys dropped": _json(lambda value: value[:0] if isinstance(value, list) else {}),
    "json values null": _json(_each(lambda item: item.update(dict.fromkeys(item)))),
    "json values lists": _json(_each(lambda item: item.update({key: [] for key in item}))),
    "json config": _json(_field("config", {})),
    "json config text": _json(_field("config", "no")),
    "json trained": _json(_field("trained", [1])),
    "json step": _json(_field("step", "many")),
    "json unknown": _json(_field("surprise", 1)),
    "json model": _json(_field("model", 5)),
    "json unknown model": _json(_field("model", "gone")),
    "json path": _json(_seeds({"../../outside/precious.txt": 70})),
    "json seeds": _json(_seeds([1, 2])),
    "json seed text": _json(_seeds({"0" * 12: "1"})),
}
"""Of a description of a checkpoint, a note of a run, a claim."""


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
