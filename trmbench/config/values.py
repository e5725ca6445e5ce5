"""Values of settings: from text and TOML, and checked against their types."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from trmbench.errors import TrmbenchError


def parse_value(text: str) -> Any:
    """A value as typed after `--set key=`: TOML if it is, `none`, else the text itself."""
    if text.lower() == "none":
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def checked(dotted: str, value: Any, expected: Any) -> Any:
    """The value in its expected type; an integer serves as a float."""
    union = typing.get_origin(expected) in (typing.Union, types.UnionType)
    choices = typing.get_args(expected) if union else (expected,)
    for choice in choices:
        if typing.get_origin(choice) is typing.Literal:
            if value in typing.get_args(choice):
                return value
            if value is None and "none" in typing.get_args(choice):
                return "none"  # as typed: here it is a name
        elif choice is float and type(value) is int:
            return float(value)
        elif type(value) is (type(None) if choice is None else choice):
            return value
    if str in choices and not isinstance(value, bool | type(None)):
        return str(value)  # `--set task.path=2024` is a folder, not a number
    raise TrmbenchError(
        f"{dotted}={value!r} is not {_type_name(choices)}", f"give {_type_name(choices)}"
    )


def _type_name(choices: tuple[Any, ...]) -> str:
    names = []
    for choice in choices:
        if typing.get_origin(choice) is typing.Literal:
            names += [repr(value) for value in typing.get_args(choice)]
        elif choice is type(None):
            names.append("none")
        else:
            words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
            names.append(words.get(choice, str(choice)))
    return " or ".join(names)


def read_toml(path: Traversable) -> dict[str, Any]:
    """A TOML file as a dictionary.

    Raises:
        TrmbenchError: the file is missing or malformed (with line and column).
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise TrmbenchError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrmbenchError(f"{path} is not valid TOML: {error}", "fix that line") from error


def flatten(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables `{"train": {"steps": 5}}` as dotted keys `{"train.steps": 5}`."""
    return {
        f"{section}.{key}": value
        for section, table in tables.items()
        for key, value in (table.items() if isinstance(table, Mapping) else [("", table)])
    }
