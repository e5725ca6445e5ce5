"""What can have been written into a JSON file: a checkpoint's description, a note, a claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from resilience.damages.kinds import Damage


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


def _unsigned(name: str, value: Any) -> Damage:
    """A value in a description that, like the ones of older versions, has no hash of its values."""

    def change(description: Any) -> Any:
        del description["values_sha256"]
        description["values"][name] = value
        return description

    return _json(change)


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
    "json step of no machine": _unsigned("step", 10**30),
    "json trained with a text": _unsigned("trained", {"train_steps": "many"}),
    "json path": _json(_seeds({"../../outside/precious.txt": 70})),
    "json seeds": _json(_seeds([1, 2])),
    "json seed text": _json(_seeds({"0" * 12: "1"})),
}
