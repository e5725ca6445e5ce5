"""Many files read side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from trmbench.store.files import Damaged
from trmbench.store.location import Location
from trmbench.store.parquet import Content

REQUESTS_AT_ONCE = 16
FILES_AT_ONCE = min(4, os.cpu_count() or 1)
_READ_AHEAD = 64
"""Files that are read before the caller wants them."""

T = TypeVar("T")


def side_by_side(
    paths: Sequence[Location], read: Callable[[Location], Content[T]]
) -> Iterator[tuple[Location, Content[T] | Damaged | None]]:
    """Yield each file in turn with its content, or with what is wrong; None = it is missing."""
    at_once = FILES_AT_ONCE if all(isinstance(p, Path) for p in paths) else REQUESTS_AT_ONCE
    with ThreadPoolExecutor(at_once) as pool:
        for start in range(0, len(paths), _READ_AHEAD):
            some = paths[start : start + _READ_AHEAD]
            contents = pool.map(lambda path: _content(path, read), some)
            yield from zip(some, contents, strict=True)


def _content(path: Location, read: Callable[[Location], Content[T]]) -> Content[T] | Damaged | None:
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except Damaged as error:
        return error
