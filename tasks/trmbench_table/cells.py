"""Texts become rows of cells: characters, words, or items of JSON lists."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

Lines = tuple[tuple[str, ...], ...]
"""The cells of a text, line by line; all lines have one length."""


class Splitter(NamedTuple):
    """A way to cut texts into cells, and to put them together again."""

    name: str
    cut: Callable[[str], Lines]
    """Raises `ValueError` with the reason where a text cannot be cut so."""
    join: Callable[[Lines], str]


def chosen(name: str, texts: Sequence[str]) -> Splitter:
    """The splitter of a name; "auto" takes lists, then numbers between spaces, then characters."""
    if name == "auto":
        name = "json" if _lists(texts) else "words" if _numbers(texts) else "characters"
    return {each.name: each for each in (CHARACTERS, WORDS, JSON)}[name]


def _lists(texts: Sequence[str]) -> bool:
    """Whether all texts look like lists and most of them are; the others are bad rows then."""
    return all(text.lstrip().startswith("[") for text in texts) and 2 * sum(
        map(_is_list, texts)
    ) > len(texts)


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def _numbers(texts: Sequence[str]) -> bool:
    """Whether all texts are whole numbers, somewhere several of them with spaces between."""
    several = False
    for text in texts:
        words = text.split()
        if not words or not all(word.lstrip("-").isdecimal() for word in words):
            return False
        several = several or any(len(line.split()) > 1 for line in text.splitlines())
    return several


def _characters(text: str) -> Lines:
    lines = [tuple(_clusters(line)) for line in unicodedata.normalize("NFC", text).splitlines()]
    return _rectangle(lines)


def _clusters(text: str) -> list[str]:
    """Characters as readers see them: marks and joined emoji are one with what they follow."""
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _continues(before: str, character: str) -> bool:
    joined = before.endswith("\u200d") or character in "\u200d\ufe0e\ufe0f\u20e3"
    skin = "\U0001f3fb" <= character <= "\U0001f3ff"
    flag = _is_regional(character) and len(before) == 1 and _is_regional(before)
    return joined or skin or flag or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _words(text: str) -> Lines:
    return _rectangle([tuple(line.split()) for line in text.splitlines() if line.strip()])


def _json(text: str) -> Lines:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON list") from None
    if not isinstance(value, list) or not value:
        raise ValueError("it is no JSON list with items")
    lines = value if all(isinstance(item, list) for item in value) else [value]
    if any(isinstance(item, list | dict) for line in lines for item in line):
        raise ValueError("its items are neither texts nor numbers")
    return _rectangle([tuple(map(_item, line)) for line in lines])


def _item(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _rectangle(lines: Sequence[tuple[str, ...]]) -> Lines:
    if not lines or not lines[0]:
        raise ValueError("it is empty")
    if len({len(line) for line in lines}) > 1:
        lengths = ", ".join(str(len(line)) for line in lines[:4])
        raise ValueError(f"its lines have {lengths}{', ...' * (len(lines) > 4)} cells")
    return tuple(lines)


def _as_json(lines: Lines) -> str:
    values = [[_value(item) for item in line] for line in lines]
    return json.dumps(values if len(values) > 1 else values[0], ensure_ascii=False)


def _value(item: str) -> object:
    try:
        value = json.loads(item)
    except ValueError:
        return item
    return value if isinstance(value, int | float) else item


CHARACTERS = Splitter("characters", _characters, lambda lines: "\n".join(map("".join, lines)))
WORDS = Splitter("words", _words, lambda lines: "\n".join(map(" ".join, lines)))
JSON = Splitter("json", _json, _as_json)
