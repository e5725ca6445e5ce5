"""The driver's side: trials become tasks, as many at a time as the cluster has room for.

Ray starts a task again when its worker or node is lost, and the trial goes on from its checkpoint
in the results folder, which all nodes share.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from trmbench import (
    Trial,
    TrialEvent,
    TrialResult,
    TrmbenchError,
    record_failure,
    retry_in_less_memory,
)
from trmbench_ray.cluster import Head, connection
from trmbench_ray.options import RayOptions

RETRIES = 3
"""How often a trial is begun again after its worker was lost."""
POLL_SECONDS = 1.0
MAIL_SECONDS = 5.0
"""How long the mailbox may take to answer; it may be on a node that is lost."""
STOP_SECONDS = 8.0
"""How long running trials may take to checkpoint when asked to stop."""
OnEvent = Callable[[TrialEvent], None]


class RayRunner:
    """Runs trials on a Ray cluster.

    Args:
        execution: the `execution` section: `max_parallel`, `device`, `stack_seeds`.
        options: the cluster, and what a trial gets of it.

    Raises:
        TrmbenchError: seeds are to be stacked, and trained by several workers.
    """

    def __init__(self, execution: Mapping[str, Any], options: RayOptions) -> None:
        if execution["stack_seeds"] and options.workers > 1:
            raise TrmbenchError(
                "stacked seeds are trained by one process",
                "leave out --stack-seeds, or --workers-per-trial and --gpus-per-trial",
            )
        self._execution = execution
        self._options = options

    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Iterator[TrialResult]:
        """Yield results as trials end; left early, the running trials are checkpointed.

        Raises:
            TrmbenchError: no cluster at the address, no room in it for even one trial, or its head
                is lost.
        """
        with connection(self._options.address) as head:
            tasks = _Tasks(head, self._execution, self._options, on_event)
            try:
                yield from tasks.results(iter(trials))
            finally:
                tasks.stop()


class _Tasks:
    """The trials that are on the cluster."""

    def __init__(
        self, head: Head, execution: Mapping[str, Any], options: RayOptions, on_event: OnEvent
    ) -> None:
        import ray

        from trmbench_ray.mailbox import Mailbox
        from trmbench_ray.tasks import execute, execute_together

        # Once, not per trial: a cluster keeps every function that it was given.
        self._execute, self._execute_together = ray.remote(execute), ray.remote(execute_together)
        self._execution = execution
        self._options = options
        self._workers = options.workers
        self._on_event = on_event
        self._head = head
        self._mailbox: Any = Mailbox.remote()  # type: ignore[attr-defined]
        self._running: dict[Any, Trial] = {}
        self._retried: set[str] = set()

    def results(self, remaining: Iterator[Trial]) -> Iterator[TrialResult]:
        """Hand out trials while there is room, and yield the results."""
        import ray

        while True:
            self._require_head()
            while self._has_room() and (trial := next(remaining, None)) is not None:
                self._submit(trial)
            if not self._running:
                return
            ended, _ = ray.wait(list(self._running), timeout=POLL_SECONDS)
            self._pass_on_events()
            for task in ended:
                if (result := self._result(task, self._running.pop(task))) is not None:
                    yield result

    def _require_head(self) -> None:
        """Raises TrmbenchError where the trials that run have lost the head of their cluster."""
        places = {trial.results for trial in self._running.values()}
        self._head.require(
            "with a cluster that runs, the same command goes on from the checkpoints"
            + "".join(f", or `trmbench resume --results {place}`" for place in sorted(places))
        )

    def _submit(self, trial: Trial) -> None:
        cpus, gpus = self._needs(trial)
        named = {"name": trial.label, "max_retries": RETRIES}
        if self._workers == 1:
            task = self._execute.options(num_cpus=cpus, num_gpus=gpus, **named)
            started = task.remote(trial, self._mailbox)
        else:  # the task only watches the workers, which have the resources
            each = {"CPU": cpus / self._workers, "GPU": gpus / self._workers}
            task = self._execute_together.options(num_cpus=0, **named)
            started = task.remote(trial, self._mailbox, self._workers, each, RETRIES)
        self._running[started] = trial

    def _needs(self, trial: Trial | None) -> tuple[float, float]:
        """CPU cores and GPUs of a trial."""
        import ray

        threads = 1 if trial is None else trial.threads
        if trial is not None and trial.stacked:  # a stack makes do with what one node has
            nodes = (node["Resources"].get("CPU", 1) for node in ray.nodes())
            threads = min(threads, int(max(nodes)))
        cpus, gpus = self._options.cpus_per_trial, self._options.gpus_per_trial
        if gpus is None:
            wanted = self._execution["device"] in ("auto", "cuda")
            has_any = wanted and ray.cluster_resources().get("GPU", 0) > 0
            gpus = float(self._workers if has_any else 0)
        return threads * self._workers if cpus is None else cpus, gpus

    def _has_room(self) -> bool:
        import ray

        limit: int | None = self._execution["max_parallel"]
        if limit:
            return len(self._running) < limit
        there = ray.cluster_resources()
        used = [self._needs(trial) for trial in self._running.values()]
        for index, kind in enumerate(("CPU", "GPU")):
            need, has = self._needs(None)[index], there.get(kind, 0.0)
            if need > has:
                raise TrmbenchError(
                    f"a trial needs {need:g} {kind}s, and the Ray cluster has {has:g}",
                    "ask for less, or give --max-parallel where the cluster can grow",
                )
            if need and sum(use[index] for use in used) + need > has:
                return False
        return True

    def _result(self, task: Any, trial: Trial) -> TrialResult | None:
        """What became of a task; None if the trial is tried again."""
        import ray
        from ray.exceptions import OutOfMemoryError, RayError

        try:
            result: TrialResult = ray.get(task)
            return result
        except OutOfMemoryError:
            if trial.trial_id in self._retried:
                return record_failure(trial, "out of memory: Ray ended its worker, twice")
            self._retried.add(trial.trial_id)
            why = "out of memory: Ray ended its worker"
            self._submit(retry_in_less_memory(trial, why, self._on_event, self._workers))
            return None
        except RayError as error:
            self._require_head()  # no trial fails for the loss of the whole cluster
            cause = " ".join(str(error).split())[:200]
            return record_failure(trial, f"its Ray worker was lost {RETRIES + 1} times: {cause}")

    def _pass_on_events(self) -> None:
        import ray

        away = (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError)
        with contextlib.suppress(*away):  # it is being restarted
            for event in ray.get(self._mailbox.take.remote(), timeout=MAIL_SECONDS):
                self._on_event(event)

    def stop(self) -> None:
        """Have what still runs checkpointed; what does not answer is ended."""
        import ray

        if not self._running or not self._head.answers():
            return
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(self._mailbox.stop.remote(), timeout=STOP_SECONDS)
        _, silent = ray.wait(
            list(self._running), num_returns=len(self._running), timeout=STOP_SECONDS
        )
        for task in silent:
            ray.cancel(task, force=True)
        self._running.clear()
