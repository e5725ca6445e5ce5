"""Claims: of all processes that share a results folder, one does a trial at a time.

A claim names its holder and is renewed every few seconds. On the same machine a claim ends with its
holder, however that died; elsewhere when it was not renewed for a minute.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from trmbench.errors import TrmbenchError
from trmbench.spec.ids import checked_id
from trmbench.store.claims.holders import STALE_SECONDS, Claimed, Holder
from trmbench.store.files import below
from trmbench.store.location import Location, location

__all__ = ["CLAIMED", "STALE_SECONDS", "Claim", "Claimed", "Holder", "claimed", "holder"]

FOLDER = "claims"
HEARTBEAT_SECONDS = 10.0


class Register(Protocol):
    """The claims of a results folder, by name."""

    def take(self, name: str) -> Holder:
        """Claim it for this process; raises `Claimed` where a living process holds it."""

    def renew(self, name: str, ours: Holder) -> bool:
        """Show that this process lives; false where the claim is not its own any more."""

    def release(self, name: str, ours: Holder) -> None:
        """End the claim, if it is still this process's."""

    def holder(self, name: str) -> Holder | None:
        """The living process that holds it, if any."""


class Claim:
    """A claim that this process holds; its heartbeat runs until it is released."""

    def __init__(self, register: Register, name: str) -> None:
        self.lost = False
        """Whether it was taken over, after this process had been suspended for long."""
        self._register = register
        self._name = name
        self._holder = register.take(name)
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS) and not self.lost:
            # A network folder or an object store may be away for a moment.
            with contextlib.suppress(OSError, TrmbenchError):
                self.lost = not self._register.renew(self._name, self._holder)

    def release(self) -> None:
        """Let others have it; where the results are out of reach, once it is stale."""
        self._released.set()
        self._heart.join()
        with contextlib.suppress(OSError, TrmbenchError):
            self._register.release(self._name, self._holder)


@contextlib.contextmanager
def claimed(results: str | Location, name: str) -> Iterator[Claim]:
    """Hold a claim for the length of a `with` block.

    Args:
        results: the results folder; the claims are in its folder `claims`.
        name: the id of the trial that is claimed.

    Raises:
        Claimed: a living process holds it.
        TrmbenchError: the folder cannot be written to.
    """
    claim = Claim(_register(results), checked_id(name))
    try:
        yield claim
    finally:
        claim.release()


def holder(results: str | Location, name: str) -> Holder | None:
    """The living process that holds a claim, if any."""
    return _register(results).holder(checked_id(name))


def _register(results: str | Location) -> Register:
    folder = below(location(results), FOLDER)
    if isinstance(folder, Path):
        from trmbench.store.claims.files import FileRegister

        return FileRegister(folder)
    from trmbench.store.claims.objects import ObjectRegister

    return ObjectRegister(folder)
