"""Claims in an object store, which has no locks: whoever finds no ticket but its own has the claim.

A process that wants a claim leaves a ticket, then looks. Since a look sees all that was written
before it, of two processes at most one finds itself alone; both may find the other, then both
withdraw and try again after a random while. A ticket that is met twice is held, for who tries again
writes another. Heartbeats are objects of their own: so a process that was suspended for long cannot
bring back a ticket that was taken from it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

from trmbench.store.atomic import write_text
from trmbench.store.claims.holders import Claimed, Holder, this_process
from trmbench.store.location import ObjectPath

ATTEMPTS = 10
TICKET, BEAT = ".ticket", ".beat"


class ObjectRegister:
    """The claims of a place in an object store; a `trmbench.store.claims.Register`."""

    def __init__(self, folder: ObjectPath) -> None:
        self._folder = folder

    def take(self, name: str) -> Holder:
        """Claim it; raises TrmbenchError where the store cannot be written to."""
        before: set[Holder] = set()
        for _ in range(ATTEMPTS):
            ours = this_process()
            write_text(self._ticket(name, ours), ours.to_json())
            others = set(self._living(name, beside=ours))
            if not others:
                return ours
            self.release(name, ours)
            if others & before:
                break
            before = others
            time.sleep(random.uniform(0.1, 0.5))
        raise Claimed((others & before or others).pop())

    def renew(self, name: str, ours: Holder) -> bool:
        """Leave a heartbeat, if the ticket is still there."""
        ticket = self._ticket(name, ours)
        if not ticket.exists():
            return False
        write_text(_beat(ticket), "")
        return True

    def release(self, name: str, ours: Holder) -> None:
        """Withdraw the ticket."""
        _delete(self._ticket(name, ours))

    def holder(self, name: str) -> Holder | None:
        """The living process that holds it, if any."""
        return next(self._living(name), None)

    def _living(self, name: str, beside: Holder | None = None) -> Iterator[Holder]:
        """The holders of tickets; next to one's own, tickets of the dead are swept away."""
        own = None if beside is None else self._ticket(name, beside)
        for ticket in (self._folder / name).glob(f"*{TICKET}"):
            if ticket == own or (found := Holder.read(ticket)) is None:
                continue
            if found.is_alive(partial(self._idle_seconds, ticket)):
                yield found
            elif beside is not None:
                _delete(ticket)

    def _idle_seconds(self, ticket: ObjectPath) -> float:
        """Since the last sign of life, by the store's own clock."""
        clock = self._folder / ".clock"
        write_text(clock, "")
        signs = [clock.modified()]
        for sign in (ticket, _beat(ticket)):
            try:
                signs.append(sign.modified())
            except FileNotFoundError:  # no heartbeat yet, or released just now
                continue
        return signs[0] - max(signs[1:], default=signs[0])

    def _ticket(self, name: str, holder: Holder) -> ObjectPath:
        return self._folder / name / f"{holder.token}{TICKET}"


def _beat(ticket: ObjectPath) -> ObjectPath:
    return ticket.parent / f"{ticket.stem}{BEAT}"


def _delete(ticket: ObjectPath) -> None:
    ticket.unlink(missing_ok=True)
    _beat(ticket).unlink(missing_ok=True)
