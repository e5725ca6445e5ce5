"""Runs trials side by side in worker processes of this machine.

A worker executes one trial after the other. One that dies (killed, out of memory) fails its trial
and is replaced; the others never notice.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from typing import Any

from trmbench.errors import TrmbenchError
from trmbench.machine import available_cores, has_cuda
from trmbench.runners.code import Code, own_code
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.trial.failures import record_failure

ADVICE = "install trmbench, or name its folder in PYTHONPATH: workers leave out the current one"
STOP_SECONDS = 10.0
"""How long a worker may take to checkpoint when asked to stop."""


class LocalRunner:
    """Runs trials on the GPUs of this machine, one each, or else on its CPU cores.

    The first worker starts at once: it loads torch while the caller estimates the trials.

    Args:
        execution: the `execution` section; `max_parallel` limits the workers.
        gpu_share: how much of a GPU a trial gets.
    """

    def __init__(self, execution: Mapping[str, Any], gpu_share: float = 1.0) -> None:
        self._max_parallel: int | None = execution["max_parallel"]
        uses_gpu = execution["device"] in ("auto", "cuda") and has_cuda()
        gpus = visible_gpus() if uses_gpu else []
        self._places = gpus * int(1 / gpu_share)
        """The GPU of each trial that may run at the same time; empty = on CPU cores."""
        self._workers: list[WorkerProcess] = []
        self._start_worker()

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        """Yield results as trials end; left early, the running trials are checkpointed."""
        remaining = iter(trials)
        try:
            while True:
                self._fill(remaining)
                busy = {worker.connection: worker for worker in self._workers if worker.trial}
                if not busy:
                    return
                for connection in wait(list(busy)):
                    result = busy[connection].receive(on_event)  # type: ignore[index]
                    if result is not None:
                        yield result
        finally:
            for worker in self._workers:
                worker.ask_to_stop()
            for worker in self._workers:
                worker.hear_out(on_event)
            for worker in self._workers:
                worker.end()
            self._workers.clear()

    def _fill(self, remaining: Iterator[Trial]) -> None:
        """Give trials to idle workers, starting workers while there is room."""
        # One that died at its trial stays until `receive` has recorded that.
        self._workers = [
            worker for worker in self._workers if worker.trial or worker.process.poll() is None
        ]
        while True:
            idle = [worker for worker in self._workers if worker.trial is None]
            trial = next(remaining, None) if idle or self._has_room() else None
            if trial is None:
                return
            worker = idle[0] if idle else self._start_worker()
            worker.give(trial)

    def _has_room(self) -> bool:
        running = [worker.trial for worker in self._workers if worker.trial]
        if len(running) == (self._max_parallel or len(running) + 1):
            return False
        if self._places:
            return len(running) < len(self._places)
        used = sum(trial.threads for trial in running)
        return not running or used < available_cores()

    def _start_worker(self) -> WorkerProcess:
        free = Counter(self._places) - Counter(worker.gpu for worker in self._workers if worker.gpu)
        worker = WorkerProcess(next(iter(free), None))
        self._workers.append(worker)
        return worker


class WorkerProcess:
    """A worker, seen from the parent.

    Args:
        gpu: the one GPU the worker may see; None = all or none.
    """

    def __init__(self, gpu: str | None) -> None:
        self.gpu = gpu
        self.trial: Trial | None = None
        self._code: Code | None = None
        ours, theirs = socket.socketpair()
        environment = os.environ | ({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {})
        # -P: what happens to lie in the current directory is neither numpy nor trmbench.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trmbench.runners.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
        )
        theirs.close()
        self.connection = Connection(ours.detach())

    def give(self, trial: Trial) -> None:
        """Hand over a trial."""
        self.trial = trial
        with contextlib.suppress(OSError):  # it died: `receive` will notice
            self.connection.send(trial)

    def receive(self, on_event: Callable[[TrialEvent], None]) -> TrialResult | None:
        """Take one message; a result ends the trial, and so does the worker's death.

        Raises:
            TrmbenchError: the worker does not run the same trmbench as this process.
        """
        trial = self.trial
        assert trial is not None
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            message = self._death(trial)
        if isinstance(message, TrialResult):
            self.trial = None
            return message
        if isinstance(message, Code):
            self._code = _checked(message)
        else:
            on_event(message)
        return None

    def _death(self, trial: Trial) -> TrialResult:
        code = self.process.wait()
        if code > 0 and self._code is None:
            raise TrmbenchError(
                f"a worker process did not start; this process runs trmbench {own_code()}", ADVICE
            )
        cause = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        memory = "; the machine may be out of memory" if code == -signal.SIGKILL else ""
        error = f"the worker process was ended {cause}{memory}"
        return record_failure(trial, error)

    def ask_to_stop(self) -> None:
        """Have a running trial checkpointed."""
        if self.trial is not None:
            self.process.terminate()

    def hear_out(self, on_event: Callable[[TrialEvent], None]) -> None:
        """Wait for the trial's last words and hang up, upon which an idle process ends."""
        while self.trial is not None and self.connection.poll(STOP_SECONDS):
            self.receive(on_event)
        self.connection.close()

    def end(self) -> None:
        """Wait until the process has ended, or kill it."""
        try:
            self.process.wait(1 if self.trial is None else 0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _checked(code: Code) -> Code:
    if code != own_code():
        raise TrmbenchError(
            f"a worker process runs trmbench {code}, this process trmbench {own_code()}", ADVICE
        )
    return code


def visible_gpus() -> list[str]:
    """The CUDA devices this process may use, as `CUDA_VISIBLE_DEVICES` names them.

    CUDA takes the names up to the first that names no device, such as -1, and none where one is
    named twice: torch's count knows how many are left.
    """
    import torch

    there = range(torch.cuda.device_count())
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = named.split(",") if named else map(str, there)
    return [name for name, _ in zip(names, there, strict=False)]
