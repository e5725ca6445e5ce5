"""Rows without what only their own machine knows: paths, addresses, the names of host and user."""

from __future__ import annotations

import contextlib
import getpass
import json
import re
import socket
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from trmbench.store.plain_json import parse

_PATH = re.compile(
    r"""(?<![\w:/.\\-])(?:[A-Za-z]:\\|\\\\|~?/|\.{1,2}/|file://)[^\s'",;:()=<>\[\]]+""",
)
_URL = re.compile(r"""\b(?:s3|gs|ray|https?)://[^\s'",;()<>\[\]]+""")
_NAMED = re.compile(r"path|file|folder|dir|address|results", re.IGNORECASE)
"""Names of settings whose value is a place."""
_OPTION = re.compile(r"(--?[\w-]*(?:results|config|into|output|path)[ =]|-o )(\S+)")
ELSEWHERE = "elsewhere"
_TOO_SHORT = 3
"""Names of so few characters occur in other words."""


def without_places(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a trial with the last part of each path only, and no names of a machine."""
    plain = dict(row)
    for name in ("config", "overrides", "provenance"):
        value = _value(parse(row[name] or "{}"), "")
        if name == "config" and isinstance(value, dict) and "runner" in value:
            value["runner"] = {**value["runner"], "address": None}
        plain[name] = json.dumps(value)
    if row["error"] is not None:
        plain["error"] = _prose(row["error"])
    return plain


def expectation_without_places(text: str) -> str:
    """Return the text of an expectation in the same way, as the rows that it means are written."""
    words = (word.partition("=") for word in text.split(" "))
    named = (
        key + sign + (_last(value) if value and _NAMED.search(key) else value)
        for key, sign, value in words
    )
    return _prose(" ".join(named))


def _value(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _value(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    if key == "command":
        return _prose(_OPTION.sub(lambda found: found[1] + _last(found[2]), value))
    if key == "source":
        return _prose(value)
    return _last(value) if _NAMED.search(key) else _text(value)


def _text(text: str) -> str:
    """Write a value without its places."""
    return _PATH.sub(lambda found: _last(found[0]), _URL.sub(ELSEWHERE, text))


def _prose(text: str) -> str:
    """Write a sentence without its places, and without the names of this host and user."""
    text = _text(text)
    for name in _own_names():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ELSEWHERE, text)
    return text


def _last(path: str) -> str:
    """Return the last part of a path or URL."""
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    return pure.name or ELSEWHERE


def _own_names() -> list[str]:
    names = {socket.gethostname(), socket.gethostname().partition(".")[0]}
    with contextlib.suppress(OSError, KeyError, ImportError):  # a container may have no user
        names.add(getpass.getuser())
    return [name for name in names if len(name) > _TOO_SHORT and name != "localhost"]
