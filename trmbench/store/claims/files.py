"""Claims in a folder: a file each, whose time is renewed.

They are taken under a lock that the operating system drops with its holder, so that a stale claim
has one successor, and nothing that dies half-way stays locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.store.claims.holders import Claimed, Holder, this_process
from trmbench.store.files import REPAIR, Damaged, kind, read_bytes

ATTEMPTS = 10


class FileRegister:
    """The claims of a results folder; a `trmbench.store.claims.Register`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> Holder:
        """Claim it; raises TrmbenchError where the folder cannot be written to."""
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for _ in range(ATTEMPTS):
                # There are no locks here, and another process was faster.
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    return self._take(path)
        except OSError as error:
            raise TrmbenchError(
                f"cannot write {path}: {error.strerror or error}",
                "make space or choose another folder with --results DIR",
            ) from error
        raise TrmbenchError(f"cannot write {path}: others take it all the time", "try again")

    def _take(self, path: Path) -> Holder:
        ours = this_process()
        with self._lock() as now:
            other = _living_holder(path, now)
            if other is not None:
                raise Claimed(other)
            if not _is_stale(path):
                raise TrmbenchError(f"{path} is no claim, and is not deleted", REPAIR)
            path.unlink(missing_ok=True)
            _write_new(path, ours.to_json())
        return ours

    def renew(self, name: str, ours: Holder) -> bool:
        """Touch the file, if it is still ours."""
        path = self._folder / name
        if Holder.read(path) != ours:
            return False
        os.utime(path)
        return True

    def release(self, name: str, ours: Holder) -> None:
        """Delete the file, if it is still ours."""
        path = self._folder / name
        with self._lock():
            if Holder.read(path) == ours:
                path.unlink(missing_ok=True)

    def holder(self, name: str) -> Holder | None:
        """The living process that holds it, if any."""
        path = self._folder / name
        if kind(path) != "a file":
            return None
        with self._lock() as now:
            return _living_holder(path, now)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[float]:
        """Be alone with the claims of the folder; yields the time by the folder's own clock."""
        path = self._folder / ".lock"
        # Without locks (none on this file system, or a folder that may only be read), exclusive
        # creation still decides who gets a claim.
        with contextlib.ExitStack() as opened:
            now = time.time()
            if kind(path) in ("", "a file"):
                with contextlib.suppress(OSError):
                    file = opened.enter_context(path.open("a"))
                    with contextlib.suppress(OSError):
                        fcntl.flock(file, fcntl.LOCK_EX)
                    os.utime(file.fileno())
                    now = os.fstat(file.fileno()).st_mtime
            yield now


def _is_stale(path: Path) -> bool:
    """Whether there is nothing, or a claim of the dead, written to its end or not."""
    if kind(path) == "":
        return True
    text = read_bytes(path)
    return Holder.read(path) is not None or text.strip() == b"" or text.startswith(b'{"host": ')


def _living_holder(path: Path, now: float) -> Holder | None:
    try:
        found = Holder.read(path)
    except Damaged:  # whoever wants the claim is told when taking it
        return None
    if found is None:
        return None
    return found if found.is_alive(lambda: now - path.stat().st_mtime) else None


def _write_new(path: Path, text: str) -> None:
    """Create a file that does not exist yet, with its text or not at all."""
    with path.open("x", buffering=1) as file:
        try:
            file.write(f"{text}\n")
        except OSError:  # the disk is full
            path.unlink(missing_ok=True)
            raise
