"""Files of a results folder: only what is a file, in its place, is read, replaced or deleted.

A results folder may come from anybody. A link could lead out of it, a pipe would never end, and a
name could be anything: so every access asks here first.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.store.location import Location, ObjectPath

REPAIR = "`trmbench repair` sets it aside"
LINKED = "to keep results on another disk, name a folder there with --results, or link the whole"
MOST_BYTES = 16 * 2**30
"""No file of a results folder is larger."""

_LINK = "a link, which is not followed"
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: _LINK,
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Damaged(TrmbenchError):
    """A file that is not what was saved.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: Location, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}", REPAIR)
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[Damaged], tuple[Location, str]]:  # type: ignore[override]
        return type(self), (self.path, self.reason)


def reason_of(error: Exception) -> str:
    """Why a file could not be read, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:120] or type(error).__name__


def kind(path: Path) -> str:
    """What is at a place: "", "a file", "a folder", "a link, which is not followed", ...

    Raises:
        TrmbenchError: nobody can say, since a folder on the way is locked or a name too long.
    """
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise TrmbenchError(f"cannot look at {path}: {error.strerror}", "check the path") from error
    return "a file" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no file")


def read_bytes(path: Location) -> bytes:
    """The content of a file.

    Raises:
        FileNotFoundError: there is none.
        Damaged: something else is in its place, or it cannot be read.
    """
    if isinstance(path, ObjectPath):
        return path.read_bytes()
    found = kind(path)
    if found not in ("", "a file"):
        raise Damaged(path, f"it is {found}")
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise Damaged(path, f"it is larger than {MOST_BYTES >> 30} GiB")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(errno.ENOENT, "it is missing", str(path)) from None
    except (OSError, MemoryError) as error:
        raise Damaged(path, reason_of(error)) from error


def below(root: Location, *names: str) -> Location:
    """A folder inside a results folder, whether it is there or not.

    Raises:
        TrmbenchError: something on the way is a link or no folder.
    """
    for name in names:
        root = root / name
        if isinstance(root, Path) and (found := kind(root)) not in ("", "a folder"):
            wanted = found if found != "a file" else "a file, not a folder"
            raise TrmbenchError(f"{root} is {wanted}", LINKED if found == _LINK else REPAIR)
    return root


def listing(folder: Location, suffix: str) -> list[Location]:
    """What a folder holds under names with a suffix, in their order; nothing where it is not there.

    Raises:
        TrmbenchError: the folder cannot be read.
    """
    if isinstance(folder, ObjectPath):
        return sorted(folder.glob(f"*{suffix}"))
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TrmbenchError(f"cannot read {folder}: {error.strerror}", REPAIR) from error
    return [folder / name for name in sorted(names) if _is_visible(name, suffix)]


def subfolders(folder: Location) -> list[Location]:
    """What is in a folder of folders, in order; in a folder of this machine, whatever it is.

    Raises:
        TrmbenchError: the folder cannot be read.
    """
    if isinstance(folder, ObjectPath):
        return sorted(folder.folders())
    return listing(folder, "")


def _is_visible(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and not name.startswith(".")


def delete(path: Location) -> None:
    """Delete a file, if there is one.

    Raises:
        TrmbenchError: something else is in its place, or it cannot be deleted.
    """
    if isinstance(path, Path) and (found := kind(path)) not in ("", "a file"):
        raise TrmbenchError(f"{path} is {found}, and is not deleted", REPAIR)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise TrmbenchError(
            f"cannot delete {path}: {error.strerror}", "check who owns it"
        ) from error
