"""Set aside what cannot be used: moved within the results folder, never deleted."""

from __future__ import annotations

import tempfile
from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.store.files import below, kind
from trmbench.store.location import Location, ObjectPath

FOLDER = "set-aside"
_TRIES = 10_000


def set_aside(root: Location, *paths: Location) -> list[Location]:
    """Move files, or whatever is in their places, to `set-aside`; returns where they are now.

    Args:
        root: the results folder.
        paths: inside it; a path that is not there is passed over.

    Raises:
        TrmbenchError: they cannot be moved.
    """
    moved = [_moved(root, path) for path in paths]
    return [path for path in moved if path is not None]


def _moved(root: Location, path: Location) -> Location | None:
    if not _is_there(path):
        return None
    target = _free_place(root, path)
    if isinstance(path, ObjectPath) or isinstance(target, ObjectPath):
        return _moved_object(path, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    except OSError as error:
        raise TrmbenchError(
            f"cannot move {path} to {target}: {error.strerror}", "move it away yourself"
        ) from error
    return target


def _is_there(path: Location) -> bool:
    return path.exists() if isinstance(path, ObjectPath) else bool(kind(path))


def _free_place(root: Location, path: Location) -> Location:
    names = str(path).removeprefix(f"{root}/").split("/")
    folder = below(root, FOLDER, *names[:-1])
    for place in (folder / f"{names[-1]}{f'.{n}' if n else ''}" for n in range(_TRIES)):
        if not _is_there(place):
            return place
    raise TrmbenchError(f"{folder} holds {_TRIES:,} files of that name", "look through them")


def _moved_object(path: Location, target: Location) -> ObjectPath:
    """Copy an object and delete it."""
    assert isinstance(path, ObjectPath) and isinstance(target, ObjectPath)
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(path.read_bytes())
        copy.flush()
        target.upload(Path(copy.name))
    path.unlink()
    return target
