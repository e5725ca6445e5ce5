"""Claims: of all processes that share a results folder, one does a trial at a time.

A claim is a file that names its holder and whose time is renewed every few seconds. On the same
machine a claim ends with its holder, however that died; elsewhere when it was not renewed for a
minute. Claims are taken under a lock that the operating system drops with its holder, so that a
stale claim has one successor, and nothing that dies half-way stays locked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trmbench.errors import TrmbenchError

FOLDER = "claims"
CLAIMED = "claimed"
"""Status of a trial that was left to the process that does it."""
HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
"""Without a heartbeat for so long, a holder on another machine is taken for dead."""


@dataclass(frozen=True)
class Holder:
    """A process that holds a claim."""

    host: str
    machine: str
    """Host, boot and process namespace: where `pid` means what it says."""
    pid: int
    born: str
    """When the process started, since process ids are used again."""
    token: str
    """Tells this claim from any other."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_alive(self, idle_seconds: float) -> bool:
        """Whether the holder still works, its claim being so many seconds old."""
        if self.machine == _machine():
            return _start_of(self.pid) == self.born
        return idle_seconds < STALE_SECONDS


class Claimed(Exception):
    """Somebody else holds the claim."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"{holder} does it")
        self.holder = holder


class Claim:
    """A claim that this process holds; its heartbeat runs until it is released."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.lost = False
        """Whether it was taken over, after this process had been suspended for long."""
        self._path = path
        self._holder = holder
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS) and not self.lost:
            with contextlib.suppress(OSError):  # a network folder may be away for a moment
                self.lost = _read(self._path) != self._holder
                if not self.lost:
                    os.utime(self._path)

    def release(self) -> None:
        """Let others have it."""
        self._released.set()
        self._heart.join()
        with _lock(self._path.parent):
            if _read(self._path) == self._holder:
                self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def claimed(results: Path, name: str) -> Iterator[Claim]:
    """Hold a claim for the length of a `with` block.

    Args:
        results: the results folder; the claims are in its folder `claims`.
        name: what is claimed.

    Raises:
        Claimed: a living process holds it.
        TrmbenchError: the folder cannot be written to.
    """
    claim = _take(results / FOLDER, name)
    try:
        yield claim
    finally:
        claim.release()


def holder(results: Path, name: str) -> Holder | None:
    """The living process that holds a claim, if any."""
    path = results / FOLDER / name
    if not path.exists():
        return None
    with _lock(path.parent) as now:
        return _living_holder(path, now)


def _take(folder: Path, name: str) -> Claim:
    path = folder / name
    ours = _this_process()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder) as now:
            other = _living_holder(path, now)
            if other is not None:
                raise Claimed(other)
            path.unlink(missing_ok=True)  # stale
            _write_new(path, json.dumps(dataclasses.asdict(ours)))
    except FileExistsError:  # no locks on this file system, and somebody was faster
        return _take(folder, name)
    except OSError as error:
        raise TrmbenchError(
            f"cannot write {path}: {error.strerror or error}",
            "make space or choose another folder with --results DIR",
        ) from error
    return Claim(path, ours)


def _write_new(path: Path, text: str) -> None:
    """Create a file that does not exist yet, with its text or not at all."""
    with path.open("x", buffering=1) as file:
        try:
            file.write(f"{text}\n")
        except OSError:  # the disk is full
            path.unlink(missing_ok=True)
            raise


def _living_holder(path: Path, now: float) -> Holder | None:
    found = _read(path)
    if found is None:
        return None
    return found if found.is_alive(now - path.stat().st_mtime) else None


def _read(path: Path) -> Holder | None:
    """Who holds a claim; None if there is none, or if its holder died while writing it."""
    try:
        return Holder(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[float]:
    """Be alone with the claims of a folder; yields the time by the folder's own clock."""
    with (folder / ".lock").open("a") as file:
        # Without locks on the file system, exclusive creation still decides who gets a new claim.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(file.fileno())
        yield os.fstat(file.fileno()).st_mtime


def _this_process() -> Holder:
    born = _start_of(os.getpid()) or ""
    return Holder(socket.gethostname(), _machine(), os.getpid(), born, uuid.uuid4().hex)


@cache
def _machine() -> str:
    """This host, boot and process namespace; just the host where there is no /proc."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _start_of(pid: int) -> str | None:
    """When a process of this machine started, in the kernel's ticks; None if it is dead."""
    if not Path("/proc/self/stat").exists():
        return _alive_without_proc(pid)
    try:
        # The name, in brackets, may hold anything; after it come the state and the numbers.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, start = fields[0], fields[19]
    return None if state in "ZX" else start


def _alive_without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return ""
