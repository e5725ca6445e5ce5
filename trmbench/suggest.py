""" "Did you mean" for names that do not exist."""

from __future__ import annotations

from collections.abc import Iterable

from trmbench.errors import TrmbenchError


def unknown(kind: str, name: str, known: Iterable[str]) -> TrmbenchError:
    """The error for a name that is none of the known ones, with the nearest of them."""
    import difflib  # a millisecond that only an error is worth

    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    choices = f"one of: {', '.join(names)}" if names else "there is none"
    hint = f"did you mean {near[0]!r}? {choices}" if near else choices
    return TrmbenchError(f"unknown {kind} {name!r}", hint)
