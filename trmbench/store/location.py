"""Where results are: a folder of this machine, or by URL a place in an object store.

Objects appear whole or not at all when their upload ends, and everybody sees them from then on; so
S3 and what speaks its protocol give what the results folder needs without renaming anything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem, FileType

ADVICE = (
    "check the bucket, the network and the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,"
    " for another server than Amazon's AWS_ENDPOINT_URL)"
)


@dataclass(frozen=True, order=True)
class ObjectPath:
    """An object, or what the names of several begin with: what results need of `pathlib.Path`.

    Reading what is not there raises FileNotFoundError, like a path; everything else that goes wrong
    is a TrmbenchError, for a network that is away must not be taken for a damaged file.
    """

    url: str
    """Such as s3://bucket/results, without a slash at the end."""

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def _key(self) -> str:
        return f"{self._parts.netloc}{self._parts.path}"

    @property
    def _store(self) -> FileSystem:
        return connection(self._parts._replace(path="").geturl())

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> ObjectPath:
        return self._at(f"{self._parts.path}/{name}")

    def _at(self, path: str) -> ObjectPath:
        return ObjectPath(self._parts._replace(path=path).geturl())

    @property
    def _pure(self) -> PurePosixPath:
        return PurePosixPath(self._parts.path)

    @property
    def name(self) -> str:
        """What follows the last slash."""
        return self._pure.name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self._pure.stem

    @property
    def parent(self) -> ObjectPath:
        """What precedes the last slash."""
        return self._at(str(self._pure.parent))

    def absolute(self) -> ObjectPath:
        """Itself: a URL means the same everywhere."""
        return self

    def exists(self) -> bool:
        """Whether there is an object of this name, or one below it."""
        from pyarrow.fs import FileType

        with self._reached():
            return bool(self._store.get_file_info(self._key).type != FileType.NotFound)

    def modified(self) -> float:
        """When it was written, in seconds by the store's own clock."""
        with self._reached():
            info = self._store.get_file_info(self._key)
        if info.mtime_ns is None:
            raise FileNotFoundError(self.url)
        return float(info.mtime_ns / 1e9)

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """The objects directly below this one whose names fit a pattern."""
        from pyarrow.fs import FileType

        yield from self._below(FileType.File, pattern)

    def folders(self) -> Iterator[ObjectPath]:
        """The next part of the names of what is further below, such as the trials in `claims`."""
        from pyarrow.fs import FileType

        yield from self._below(FileType.Directory, "*")

    def _below(self, kind: FileType, pattern: str) -> Iterator[ObjectPath]:
        from pyarrow.fs import FileSelector

        with self._reached():
            found = self._store.get_file_info(FileSelector(self._key, allow_not_found=True))
        for info in found:
            if info.type == kind and fnmatchcase(info.base_name, pattern):
                yield self / info.base_name

    def read_bytes(self) -> bytes:
        """The whole object."""
        try:
            with self._reached(), self._store.open_input_file(self._key) as file:
                return bytes(file.read())
        except TrmbenchError:
            if self.exists():
                raise
            raise FileNotFoundError(self.url) from None  # deleted after it had been opened

    def read_text(self) -> str:
        """The whole object as UTF-8."""
        return self.read_bytes().decode()

    def upload(self, file: Path) -> None:
        """Replace the object by a file of this machine, at once."""
        from pyarrow.fs import LocalFileSystem, copy_files

        with self._reached():
            copy_files(str(file), self._key, LocalFileSystem(), self._store)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object."""
        try:
            with self._reached():
                self._store.delete_file(self._key)
        except FileNotFoundError:
            if not missing_ok:
                raise

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _failure(f"cannot reach {self.url}", error) from error


Location = Path | ObjectPath


def location(place: str | Location) -> Location:
    """The folder or the place in an object store that is meant.

    Raises:
        TrmbenchError: it is a URL of no known kind, or no path at all.
    """
    if isinstance(place, ObjectPath):
        return place
    if "\0" in str(place):
        raise TrmbenchError(f"{str(place)!r:.60} cannot be a folder", "name another")
    if "://" not in str(place):
        return Path(place)
    parts = urlsplit(str(place).rstrip("/"))
    if not parts.netloc:
        raise TrmbenchError(f"{place} names no bucket", "write it as s3://BUCKET/RESULTS")
    connection(parts._replace(path="").geturl())
    return ObjectPath(parts.geturl())


def modified(place: Location) -> float:
    """When it was written, in seconds by the clock of where it is; a link says so of itself."""
    return place.lstat().st_mtime if isinstance(place, Path) else place.modified()


@cache
def connection(bucket: str) -> FileSystem:
    """Connect this process to a bucket, by its URL.

    Raises:
        TrmbenchError: it is of no known kind, or does not answer.
    """
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    try:
        return FileSystem.from_uri(bucket)[0]
    except (pa.ArrowException, OSError) as error:
        raise _failure(f"cannot use {bucket}", error) from error


def _failure(what: str, error: Exception) -> TrmbenchError:
    return TrmbenchError(f"{what}: {' '.join(str(error).split())[:160]}", ADVICE)
