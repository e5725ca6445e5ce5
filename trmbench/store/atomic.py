"""Files that are written whole or not at all, in a folder or in an object store."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from trmbench.errors import TrmbenchError
from trmbench.store.files import kind
from trmbench.store.location import Location, ObjectPath

T = TypeVar("T")


def replace_file(path: Location, write: Callable[[Path], T]) -> T:
    """Write a file: under a temporary name, synced and renamed; or uploaded when it is whole.

    Args:
        path: the file.
        write: writes its content to the path it is given.

    Returns:
        What `write` returns.

    Raises:
        TrmbenchError: the disk is full, the folder or object store cannot be written to, or what is
            there is no file: a folder, a link, a device.
    """
    if isinstance(path, ObjectPath):
        return _replace_object(path, write)
    there = kind(path)
    if there not in ("", "a file"):
        raise TrmbenchError(
            f"cannot write {path}: it is {there}", "move that away, or name another"
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:  # so it has the mode of any new file
            mode = os.fstat(file.fileno()).st_mode
        written = write(temporary)
        temporary.chmod(path.stat().st_mode if there else mode)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # it may not be there, nor its folder
            temporary.unlink()
        raise TrmbenchError(
            f"cannot write {path}: {error.strerror or error}",
            "make space or choose another place; what was written before is intact",
        ) from error
    return written


def _replace_object(path: ObjectPath, write: Callable[[Path], T]) -> T:
    try:
        with tempfile.TemporaryDirectory(prefix="trmbench-") as folder:
            temporary = Path(folder) / path.name
            written = write(temporary)
            path.upload(temporary)
    except OSError as error:
        raise TrmbenchError(
            f"cannot write {path} to {tempfile.gettempdir()} first: {error.strerror or error}",
            "make space or have TMPDIR name another folder; what was written before is intact",
        ) from error
    return written


def write_text(path: Location, text: str) -> None:
    """A UTF-8 text file, written whole or not at all."""

    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_bytes(path: Location, content: bytes) -> None:
    """A file of bytes, written whole or not at all."""
    replace_file(path, lambda temporary: temporary.write_bytes(content))


def write_json(path: Location, value: Any) -> None:
    """A JSON file, written whole or not at all."""
    write_text(path, json.dumps(value, indent=1))


def require_writable(folder: Location) -> None:
    """Make a results folder, if it is not there, and try to write to it.

    Raises:
        TrmbenchError: it cannot be made or written to.
    """
    probe = folder / f".writable-{os.getpid()}"
    if isinstance(probe, ObjectPath):
        write_text(probe, "")
        return probe.unlink()
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TrmbenchError(
            f"cannot write to the results folder {folder}: {error.strerror}",
            "choose another with --results DIR",
        ) from error
