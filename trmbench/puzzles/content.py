"""What the files of a user hold, as one short text: part of a cell's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from trmbench.errors import TrmbenchError


def content_digest(folder: Path, names: Iterable[str], hint: str = "check the path") -> str:
    """16 hexadecimal digits of the SHA-256 of files' names and bytes, in the order of the names.

    The folder is left out, so that data may be moved.

    Args:
        folder: where they are.
        names: their paths within it.
        hint: what to do where one cannot be read.

    Raises:
        TrmbenchError: one cannot be read.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        path = folder / name
        try:
            found = path.stat()
            part = _of_file(str(path), found.st_size, found.st_mtime_ns, found.st_ino)
        except FileNotFoundError as error:
            raise TrmbenchError(f"{path} does not exist", hint) from error
        except OSError as error:
            raise TrmbenchError(f"{path} cannot be read: {error.strerror}", hint) from error
        digest.update(f"{name} {part}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


@lru_cache(maxsize=256)
def _of_file(path: str, size: int, modified: int, inode: int) -> str:
    """The SHA-256 of a file, computed once for as long as nobody writes to it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
