"""How a trial, or a part of it, ended."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import NamedTuple

from trmbench.errors import TrmbenchError, one_line
from trmbench.machine import is_out_of_memory
from trmbench.spec import TrialResult
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.training.loop import Stopped
from trmbench.training.workers import Workers


class Outcome(NamedTuple):
    """How a trial, or a part of it, went."""

    status: str
    error: str | None = None
    trace: str | None = None
    out_of_memory: bool = False
    """Whether less at a time might do."""

    def result(self, trial_id: str) -> TrialResult:
        """Name the trial that went so."""
        return TrialResult(trial_id, self.status, self.error, self.trace)


def outcome(action: Callable[[], None], workers: Workers) -> Outcome:
    """Do something that may raise anything, since plugins take part in it, and tell how it went."""
    try:
        action()
    except Stopped:
        return Outcome(INTERRUPTED, "stopped; the same command goes on")
    except Exception as caught:  # the other trials must go on
        failure = workers.first_failure(caught)
        error = str(failure) if isinstance(failure, TrmbenchError) else one_line(failure)
        out_of_memory = is_out_of_memory(failure)
        if out_of_memory:
            error = f"out of memory: {error}"
        return Outcome(FAILED, error, traceback.format_exc(), out_of_memory)
    return Outcome(FINISHED)
