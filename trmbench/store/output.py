"""Files that the user names: what is at that place stays what it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from trmbench.errors import TrmbenchError
from trmbench.store.atomic import replace_file
from trmbench.store.files import kind

T = TypeVar("T")


def write_output(path: Path, write: Callable[[Path], T]) -> T:
    """Write a file that the user named, whole or not at all.

    A link is followed, and the file that it leads to keeps its mode; a device or a pipe, such as
    /dev/stdout, gets the content written into it.

    Args:
        path: the file.
        write: writes its content to the path it is given.

    Returns:
        What `write` returns.

    Raises:
        TrmbenchError: it is a folder, or cannot be written.
    """
    try:
        target = path.resolve()
        there = kind(target)
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a NUL, a long name
        raise TrmbenchError(f"cannot write {str(path)!r:.100}: {error}", "name another") from error
    if there in ("", "a file", "a folder"):
        return replace_file(target, write)
    return _pour_into(target, write)


def _pour_into(target: Path, write: Callable[[Path], T]) -> T:
    """Write to a temporary file, and copy that into a device or a pipe."""
    try:
        with tempfile.TemporaryDirectory(prefix="trmbench-") as folder:
            whole = Path(folder) / "output"
            written = write(whole)
            # Without a reader, a pipe refuses instead of having us wait for one.
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
            os.set_blocking(descriptor, True)
            with whole.open("rb") as source, os.fdopen(descriptor, "wb") as sink:
                shutil.copyfileobj(source, sink)
    except OSError as error:
        raise TrmbenchError(
            f"cannot write to {target}: {error.strerror or error}", "name another"
        ) from error
    return written
