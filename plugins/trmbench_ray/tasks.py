"""What runs on the cluster: one task per trial, and the actor through which trials are heard."""

from __future__ import annotations

from typing import Any

from trmbench import Trial, TrialResult, run_trial
from trmbench_ray.mailbox import Correspondent


def execute_together(trial: Trial, mailbox: Any, *arguments: Any) -> TrialResult:
    """One trial by several workers (`data_parallel.train_together`)."""
    from trmbench_ray.data_parallel import train_together  # takes seconds: not in the driver

    return train_together(trial, mailbox, *arguments)


def execute(trial: Trial, mailbox: Any) -> TrialResult:
    """One trial; after the loss of its worker Ray calls it again, and its checkpoint goes on."""
    line = Correspondent(mailbox)
    result = run_trial(trial, line.send, line.should_stop)
    line.wait()
    return result
