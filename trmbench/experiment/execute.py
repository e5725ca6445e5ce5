"""Cells and seeds to trials: skips what is finished, hands the rest to a runner."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from trmbench.config.cell import with_seed
from trmbench.experiment.plan import Plan
from trmbench.experiment.runs import record_run
from trmbench.plugin import registry
from trmbench.plugin.manager import plugin_manager
from trmbench.spec import Runner, RunnerSpec, Trial, TrialEvent, TrialResult
from trmbench.spec.status import CLAIMED, FAILED, FINISHED
from trmbench.store import Store
from trmbench.store.claims import holder

CLAIM_POLL_SECONDS = 1.0


def run(
    todo: Plan,
    store: Store,
    runner: RunnerSpec,
    estimate: Callable[[Plan], Mapping[str, float]],
    on_event: Callable[[TrialEvent], None] = lambda event: None,
) -> Generator[TrialResult, None, None]:
    """Start the runner, and return the results of what is pending, the longest trials first.

    Args:
        todo: the trials.
        store: where their results go.
        runner: who runs them; started first, since its workers take seconds to get ready.
        estimate: the seconds that a trial of each cell will take, by cell_id.
        on_event: gets the progress.

    Raises:
        TrmbenchError: the runner cannot be started, or a task's data or a model's options are bad.
    """
    config = todo.pending[0].config
    started = runner.start(config)
    seconds = estimate(todo)
    trials = sorted(todo.pending, key=lambda trial: -seconds[trial.cell_id])
    record_run(store, trials)
    return execute(trials, started, on_event, config["execution"]["time_budget"])


def execute(
    trials: Sequence[Trial],
    runner: Runner,
    on_event: Callable[[TrialEvent], None],
    time_budget: float | None = None,
) -> Generator[TrialResult, None, None]:
    """Run trials, telling the plugins of each; yields the results as they come.

    A trial that another process does is postponed, and checked again when that process has
    finished.

    Args:
        trials: what to run.
        runner: who runs it.
        on_event: gets the progress.
        time_budget: seconds after which no further trial is begun; None = no limit.
    """
    by_id = {trial.trial_id: trial for trial in trials}
    announced: set[str] = set()
    queue = _Queue(trials, on_event, time_budget)

    def announce(event: TrialEvent) -> None:
        if event.trial_id not in announced and event.trial_id in by_id:
            announced.add(event.trial_id)
            plugin_manager().call("trmbench_trial_started", trial=by_id[event.trial_id])
        for row in event.points if event.trial_id in by_id else ():
            trial = by_id[event.trial_id]
            plugin_manager().call("trmbench_training_point", trial=trial, row=row)
        on_event(event)

    while queue.has_more():
        with closing(_results(runner.run(queue, announce))) as results:
            for result in (each for outcome in results for each in (outcome, *outcome.stacked)):
                trial = by_id[result.trial_id]
                if result.status == CLAIMED:
                    queue.put_aside(trial, str(result.error))
                    continue
                if result.status == FINISHED:
                    plugin_manager().call("trmbench_trial_finished", trial=trial, result=result)
                elif result.status == FAILED:
                    plugin_manager().call("trmbench_trial_failed", trial=trial, failure=result)
                yield result


def _results(of_runner: Iterator[TrialResult]) -> Generator[TrialResult, None, None]:
    """A generator, which can be closed, where the runner may have another iterator."""
    yield from of_runner


class _Queue:
    """Hands out trials; keeps for another round the ones that other processes do."""

    def __init__(
        self,
        trials: Iterable[Trial],
        on_event: Callable[[TrialEvent], None],
        time_budget: float | None,
    ) -> None:
        self._next = deque(trials)
        self._aside: list[Trial] = []
        self._told: set[tuple[str, str]] = set()
        self._on_event = on_event
        self._deadline = math.inf if time_budget is None else time.monotonic() + time_budget

    def __iter__(self) -> Iterator[Trial]:
        while self._next and time.monotonic() <= self._deadline:
            self._take_back_freed()
            trial = self._next.popleft()
            other = holder(trial.results, trial.trial_id)
            if other is None:
                yield self._with_other_seeds(trial)
            else:
                self.put_aside(trial, f"{other} does it")

    def _with_other_seeds(self, trial: Trial) -> Trial:
        """Stack the free seeds of the same cell on a trial, where seeds are to be stacked."""
        builds_upon = registry.models().find(trial.model).spec.base
        if not trial.config["execution"].get("stack_seeds") or builds_upon is not None:
            return trial
        others = [
            other
            for other in self._next
            if other == with_seed(trial, other.seed)
            and holder(other.results, other.trial_id) is None
        ]
        self._next = deque(other for other in self._next if other not in others)
        return replace(trial, stacked=tuple(other.seed for other in others))

    def put_aside(self, trial: Trial, reason: str) -> None:
        """Keep a trial for later, and say why."""
        self._aside.append(trial)
        if (trial.trial_id, reason) not in self._told:
            self._told.add((trial.trial_id, reason))
            self._on_event(TrialEvent.note(trial.trial_id, f"later: {reason}"))

    def has_more(self) -> bool:
        """Whether a trial can be handed out, once one is free, and there is time for it."""
        self._take_back_freed()
        while not self._next and self._aside and time.monotonic() <= self._deadline:
            time.sleep(CLAIM_POLL_SECONDS)
            self._take_back_freed()
        return bool(self._next) and time.monotonic() <= self._deadline

    def _take_back_freed(self) -> None:
        free = [t for t in self._aside if holder(t.results, t.trial_id) is None]
        self._next.extend(free)
        self._aside = [trial for trial in self._aside if trial not in free]
