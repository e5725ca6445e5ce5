"""Who holds a claim, and whether that process still lives."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trmbench.store.files import read_bytes
from trmbench.store.location import Location
from trmbench.store.plain_json import parse

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

    @classmethod
    def read(cls, path: Location) -> Holder | None:
        """Who holds a claim; None if there is none, or if its holder died while writing it.

        Raises:
            Damaged: something else is in its place, or it cannot be read.
        """
        try:
            found = cls(**parse(read_bytes(path)))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        texts = (found.host, found.machine, found.born, found.token)
        return found if all(isinstance(t, str) for t in texts) and type(found.pid) is int else None

    def to_json(self) -> str:
        """What `read` reads."""
        return json.dumps(dataclasses.asdict(self))

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_alive(self, idle_seconds: Callable[[], float]) -> bool:
        """Whether the holder still works; elsewhere that takes its claim's age, to be asked for."""
        if self.machine == _machine():
            return _start_of(self.pid) == self.born
        return idle_seconds() < STALE_SECONDS


class Claimed(Exception):
    """Somebody else holds the claim."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"{holder} does it")
        self.holder = holder


def this_process() -> Holder:
    """This process, as the holder of a new claim."""
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
