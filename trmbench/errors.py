"""The one exception that a user is meant to read."""

from collections.abc import Iterable


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


def unknown(kind: str, name: str, known: Iterable[str]) -> TrmbenchError:
    """The error for a name that is none of the known ones, with the nearest of them."""
    import difflib  # a millisecond that only an error is worth

    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    choices = f"one of: {', '.join(names)}" if names else "there is none"
    hint = f"did you mean {near[0]!r}? {choices}" if near else choices
    return TrmbenchError(f"unknown {kind} {name!r}", hint)
