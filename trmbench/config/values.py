"""Values of settings: from text and TOML, and checked against their types and ranges."""

from __future__ import annotations

import math
import tomllib
import types
import typing
from collections.abc import Mapping
from datetime import date, time
from importlib.resources.abc import Traversable
from typing import Any

from trmbench.errors import TrmbenchError, shown
from trmbench.spec.ranges import Range, check_range

LARGEST_FILE = 1 << 20
"""Bytes of a TOML file; written by hand, none has so many."""
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


class TypedInt(int):
    """A whole number as typed: for a setting that is a text it is this text, 007 and all."""

    text: str


class TypedFloat(float):
    """A number as typed: a trial's id such as 123456789e12 looks like one."""

    text: str


def parse_value(text: str) -> Any:
    """A value as typed after `--set key=`: TOML if it is, `none`, else the text itself."""
    if text.lower() == "none":
        return None
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # also a number of thousands of digits
        return text
    value = found["value"]
    if len(found) > 1 or isinstance(value, date | time):  # a text of several lines; no setting
        return text
    if type(value) not in (int, float):
        return value
    typed = TypedInt(value) if type(value) is int else TypedFloat(value)
    typed.text = text
    return typed


def checked(dotted: str, value: Any, expected: Any, within: Range | None = None) -> Any:
    """The value in its expected type; an integer serves as a float.

    Raises:
        TrmbenchError: it is of another type, out of its range, or nothing that can be stored.
    """
    choices = _choices(expected)
    text = None
    if isinstance(value, TypedInt | TypedFloat):
        text = value.text
        value = int(value) if isinstance(value, int) else float(value)
    for choice in choices:
        if typing.get_origin(choice) is typing.Literal:
            if value in typing.get_args(choice):
                return value
            if value is None and "none" in typing.get_args(choice):
                return "none"  # as typed: here it is a name
        elif typing.get_origin(choice) is Mapping and isinstance(value, dict):
            wanted = typing.get_args(choice)[1]
            return {key: checked(f"{dotted}.{key}", each, wanted) for key, each in value.items()}
        elif type(value) is choice or (choice is float and type(value) is int):
            return _storable(dotted, value, choice, within)
    if str in choices and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if text is None else text  # `--set task.path=2024` is a folder
    words = allowed(expected)
    raise TrmbenchError(f"{dotted}={shown(value)} is not {words}", f"give {words}")


def _storable(dotted: str, value: Any, choice: type, within: Range | None) -> Any:
    """The value as its type, if it is finite, in its range, and its text has an end."""
    if isinstance(value, float) and not math.isfinite(value):
        raise TrmbenchError(f"{dotted}={value} is not possible", f"give {_WORDS[float]}")
    check_range(dotted, value, within)
    if type(value) is int and abs(value) >= 2**63:
        raise TrmbenchError(f"{dotted}={shown(value)} is too large", "it must fit 64 bits")
    if isinstance(value, str) and "\0" in value:
        raise TrmbenchError(f"{dotted}={shown(value)} is not possible", "leave out the null byte")
    return float(value) + 0.0 if choice is float else value  # -0.0 would be another cell than 0.0


def _choices(expected: Any) -> tuple[Any, ...]:
    union = typing.get_origin(expected) in (typing.Union, types.UnionType)
    return typing.get_args(expected) if union else (expected,)


def allowed(expected: Any, within: Range | None = None) -> str:
    """What a setting may be, in words.

    Args:
        expected: its type, such as `int | None`.
        within: its range.
    """
    names = []
    for choice in _choices(expected):
        if typing.get_origin(choice) is typing.Literal:
            names += [repr(value) for value in typing.get_args(choice)]
        elif choice is type(None):
            names.append("none")
        elif within is not None and choice in (int, float):
            names.append(str(within))
        elif typing.get_origin(choice) is Mapping:
            names.append("numbers by name")
        else:
            names.append(_WORDS.get(choice, str(choice)))
    return " or ".join(names)


def read_toml(path: Traversable) -> dict[str, Any]:
    """A TOML file as a dictionary.

    Raises:
        TrmbenchError: the file is missing, too large or malformed (with line and column).
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise TrmbenchError(f"cannot read {path}: {error.strerror}", "check the path") from error
    if len(content) > LARGEST_FILE:
        raise TrmbenchError(f"{path} is larger than 1 MiB", "give a file of settings")
    try:
        return tomllib.loads(content.decode())
    except RecursionError:
        raise TrmbenchError(f"{path} nests its values too deeply", "use fewer brackets") from None
    except ValueError as error:  # as well bytes that are no UTF-8, numbers of thousands of digits
        raise TrmbenchError(f"{path} is not valid TOML: {error}", "correct that line") from error


def flatten(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables `{"train": {"steps": 5}}` as dotted keys `{"train.steps": 5}`."""
    return {
        f"{section}.{key}": value
        for section, table in tables.items()
        for key, value in (table.items() if isinstance(table, Mapping) else [("", table)])
    }
