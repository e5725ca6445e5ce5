"""The one exception that a user is meant to read, and what makes foreign text fit to be read."""

import re
import reprlib
from collections.abc import Iterable

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and newline
    "\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"  # change of direction, halves
)


class TrmbenchError(Exception):
    """Bad input or a machine that lacks something: one line for the user, exit code 2.

    Args:
        message: what is wrong and where (file, line, key, value).
        hint: what to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[type["TrmbenchError"], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


def one_line(error: BaseException) -> str:
    """An exception as one line for people."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(value: object) -> str:
    """A foreign value as Python writes it, cut to some 80 characters."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"


def printable(text: str) -> str:
    """Foreign text with a question mark in place of what would steer a terminal.

    Control and escape characters could clear the screen, change what was printed before or reverse
    the order of letters. Tabs and newlines stay.
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def unknown(kind: str, name: str, known: Iterable[str]) -> TrmbenchError:
    """The error for a name that is none of the known ones, with the nearest of them."""
    import difflib  # a millisecond that only an error is worth

    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    choices = f"one of: {', '.join(names)}" if names else "there is none"
    hint = f"did you mean {near[0]!r}? {choices}" if near else choices
    return TrmbenchError(f"unknown {kind} {shown(name)}", hint)
