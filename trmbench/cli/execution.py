"""Trials executed for the user: estimate, progress, what to say when they are left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trmbench.cli.consent import require_consent
from trmbench.cli.console import console, errors, warn
from trmbench.cli.dry_run import print_estimates
from trmbench.errors import TrmbenchError
from trmbench.experiment.execute import run
from trmbench.experiment.plan import Plan
from trmbench.experiment.runs import forget
from trmbench.report.progress import TrialProgress
from trmbench.spec import RunnerSpec, Trial
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.store.claims import Claimed
from trmbench.store.location import location

HERE = "local"
"""The runner whose trials run on this machine, at the speed that was estimated."""


def run_pending(
    todo: Plan, store: Store, runner: RunnerSpec, *, debug: bool, fail_fast: bool, yes: bool = False
) -> list[str]:
    """Run what is pending, and show it; returns the ids of the trials that did not finish.

    Args:
        todo: the trials.
        store: of their results.
        runner: who runs them.
        debug: show where a trial failed.
        fail_fast: stop all when one fails.
        yes: begin also what takes more than a day, without being asked.

    Raises:
        TrmbenchError: the run cannot be started, or is not to be.
    """

    def estimate(todo: Plan) -> dict[str, float]:
        seconds = print_estimates(todo)
        if runner.name == HERE:
            require_consent(todo, seconds, yes)
        return seconds

    progress = TrialProgress(todo.pending, console, warn)
    names = {trial.trial_id: trial.name for trial in todo.pending}
    results = run(todo, store, runner, progress.estimating(estimate), progress.on_event)
    not_finished = []
    again = f"The same command goes on from here, or: trmbench resume --results {store.root}"
    try:
        with progress:
            for result in results:
                progress.on_result(result, *store.trials([names[result.trial_id]]))
                if result.status != FINISHED:
                    not_finished.append(result.trial_id)
                    if debug and result.traceback:
                        errors.print(result.traceback)
                if fail_fast and result.status == FAILED:
                    results.close()
                    console.print(f"Stopped, since a trial failed. {again}", soft_wrap=True)
                    break
    except BaseException:  # Ctrl-C, SIGTERM or an error: nothing that is finished is lost
        console.print(f"Stopped. Finished trials are kept. {again}", soft_wrap=True)
        raise
    return not_finished


def start_over(store: Store, trials: Sequence[Trial]) -> None:
    """Forget what is stored of trials.

    Raises:
        TrmbenchError: another process does one of them.
    """
    for trial in trials:
        try:
            forget(store, trial)
        except Claimed as other:
            raise TrmbenchError(
                f"{trial.label} cannot start over: {other.holder} does it", "stop that first"
            ) from None


def results_at(folder: str | Path) -> Store:
    """The store of a results folder that is there.

    Raises:
        TrmbenchError: there is none.
    """
    if not location(folder).exists():
        raise TrmbenchError(f"no results folder {folder}", "name one with --results DIR")
    return Store(folder, warn)
