"""The language of `--where`: which trials to look at.

`model in (trm, hrm) and not train.steps < 1000`: columns of the trials table or dotted settings,
`= == != < <= > >=`, `in`, `not in`, `and`, `or`, `not`, parentheses, and
quotes around a value with spaces.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from trmbench.errors import TrmbenchError, shown, unknown
from trmbench.spec.trials import Row

Condition = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<op>==|!=|<=|>=|[=<>(),])|(?P<word>[^\s=<>!(),'"]+))"""
)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LONGEST = 10_000
"""Characters of a condition."""
MOST_NESTED = 100
"""Parentheses and nots of a condition: each may be within the one before."""
_HINT = "such as --where 'model in (trm, hrm) and seed < 5'"


def parse_where(text: str) -> Condition:
    """Parse a condition on a trial's row.

    Raises:
        TrmbenchError: it does not parse; when it is applied: a name that does not exist, or `<`
            between things that have no order.
    """
    if len(text) > LONGEST:
        raise TrmbenchError(f"--where has {len(text):,} characters", f"at most {LONGEST:,}")
    tokens = _tokens(text)
    nested = sum(token in ("(", "not") for _, token in tokens)
    if nested > MOST_NESTED:
        found = f"{nested:,} parentheses and nots"
        raise TrmbenchError(f"--where has {found}", f"at most {MOST_NESTED}")
    parser = _Parser(tokens, text)
    condition = parser.either()
    if parser.peek() is not None:
        raise parser.error(f"unexpected {shown(parser.peek())}")
    return condition


def names_in(text: str) -> list[str]:
    """List the columns and settings that a condition looks at.

    Raises:
        TrmbenchError: it does not parse.
    """
    parse_where(text)
    parser = _Parser(_tokens(text), text)
    parser.either()
    return list(dict.fromkeys(parser.names))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise TrmbenchError(f"--where {shown(text)} is not understood at {shown(rest)}", _HINT)
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent: either (or) > every (and) > one (not, parentheses, comparison)."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self.names: list[str] = []
        """The columns and settings that were read."""

    def error(self, problem: str) -> TrmbenchError:
        """The error that stops the parsing."""
        return TrmbenchError(f"--where {shown(self._text)} is not understood: {problem}", _HINT)

    def peek(self) -> str | None:
        """The next token, if any."""
        return self._tokens[0][1] if self._tokens else None

    def _take(self, *wanted: str) -> bool:
        """Consume the next tokens if they are the wanted ones, and say so."""
        ahead = [text for _, text in self._tokens[: len(wanted)]]
        if ahead != list(wanted):
            return False
        del self._tokens[: len(wanted)]
        return True

    def either(self) -> Condition:
        """`a or b or ...`"""
        parts = [self._every()]
        while self._take("or"):
            parts.append(self._every())
        return lambda row: any(part(row) for part in parts)

    def _every(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Condition:
        if self._take("not"):
            part = self._one()
            return lambda row: not part(row)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        name = self._text_token("a column or setting")
        self.names.append(name)
        if self._take("in"):
            values = self._values()
            return lambda row: any(_equal(field(row, name), value) for value in values)
        if self._take("not", "in"):
            values = self._values()
            return lambda row: not any(_equal(field(row, name), value) for value in values)
        sign = self.peek()
        if sign not in ("=", "==", "!=", *_ORDER):
            raise self.error(f"{shown(name)} must be followed by =, !=, <, <=, >, >= or in (...)")
        self._tokens.pop(0)
        value = self._value()
        if sign in _ORDER:
            return lambda row: _ordered(sign, name, field(row, name), value)
        return lambda row: _equal(field(row, name), value) != (sign == "!=")

    def _values(self) -> list[Any]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> Any:
        quoted = bool(self._tokens) and self._tokens[0][0] == "quoted"
        text = self._text_token("a value")
        return text if quoted else _literal(text)

    def _text_token(self, what: str) -> str:
        if not self._tokens or self._tokens[0][0] == "op":
            raise self.error(f"{what} is missing")
        kind, text = self._tokens.pop(0)
        return text[1:-1] if kind == "quoted" else text

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self.error(f"{sign!r} is missing")


def _literal(text: str) -> Any:
    """Read a number, true, false or none; else the text itself."""
    if text.lower() == "none":
        return None
    try:
        return json.loads(text.lower())
    except (ValueError, RecursionError):
        return text


def field(row: Row, name: str) -> Any:
    """Look up a column of a trial's row, or a dotted setting of its configuration.

    Raises:
        TrmbenchError: there is neither.
    """
    if name in row:
        return row[name]
    section, _, key = name.partition(".")
    config = _config(row["config"] or "{}")
    if key in config.get(section, {}):
        return config[section][key]
    if key and section in config:
        return None  # another model's option: no such setting here
    settings = [f"{part}.{key}" for part in config for key in config[part]]
    raise unknown("name in --where:", name, [*row, *settings])


@cache
def _config(text: str) -> dict[str, dict[str, Any]]:
    parsed: dict[str, dict[str, Any]] = json.loads(text)
    return parsed


def _equal(stored: Any, value: Any) -> bool:
    """Compare as values, or as texts: a model may be named `7`."""
    return stored == value or (stored is not None and str(stored) == str(value))


def _ordered(sign: str, name: str, stored: Any, value: Any) -> bool:
    if stored is None:
        return False
    try:
        return _ORDER[sign](stored, value)
    except TypeError as error:
        raise TrmbenchError(
            f"--where: {name} is {shown(stored)}, which has no order with {shown(value)}",
            "use = or !=",
        ) from error
