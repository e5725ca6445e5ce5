"""How a trial, or a part of it, ended."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import NamedTuple

from trmbench.errors import TrmbenchError, one_line
from trmbench.machine import is_out_of_memory
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.training.loop import Stopped
from trmbench.training.workers import Workers

OUT_OF_MEMORY = "out of memory"


class Outcome(NamedTuple):
    """How a trial, or a part of it, went."""

    status: str
    error: str | None = None
    trace: str | None = None


def outcome(action: Callable[[], None], workers: Workers) -> Outcome:
    """How something went that may raise anything, since plugins take part in it."""
    try:
        action()
    except Stopped:
        return Outcome(INTERRUPTED, "stopped; the same command goes on")
    except Exception as caught:  # the other trials must go on
        failure = workers.first_failure(caught)
        error = str(failure) if isinstance(failure, TrmbenchError) else one_line(failure)
        if is_out_of_memory(failure):
            error = f"{OUT_OF_MEMORY}: {error}"
        return Outcome(FAILED, error, traceback.format_exc())
    return Outcome(FINISHED)
