"""Trials in processes that start at once and die where a test wants them to.

A process is forked from a server that has imported everything, and does what a worker of the local
runner does. It may be told to kill itself while it writes a file.
"""

from __future__ import annotations

import fnmatch
import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess

from trmbench.spec import Trial

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["trmbench.trial.run", "trmbench.testing.toy_model"])


def begin(trial: Trial, die_while_writing: str | None = None) -> BaseProcess:
    """Begin a trial in a process of its own.

    Args:
        trial: what to do.
        die_while_writing: a pattern of paths; the first such file is cut in half and the process
            killed, before the file has its final name.
    """
    process = _CONTEXT.Process(target=_work, args=(trial, die_while_writing))
    process.start()
    return process


def _work(trial: Trial, die_while_writing: str | None) -> None:
    from trmbench.spec.status import FINISHED
    from trmbench.trial.run import run_trial

    sync = os.fsync

    def cut_and_die(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if fnmatch.fnmatch(path, die_while_writing or ""):
            os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        sync(descriptor)

    os.fsync = cut_and_die  # type: ignore[assignment]
    result = run_trial(trial)
    raise SystemExit(0 if result.status == FINISHED else result.error)
