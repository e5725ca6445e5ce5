"""The contract of a runner, tried with trials of the toy model."""

from __future__ import annotations

from collections.abc import Iterator

from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.testing.cases import RunnerCase
from trmbench.testing.conformance import Check, ConformanceError, require
from trmbench.testing.listing import require_light
from trmbench.trial.run import run_trial

MANY = 200


def listing(case: RunnerCase) -> None:
    """Listing imports nothing heavy."""
    require_light(case.spec.create, "runners")


def results(case: RunnerCase) -> None:
    """Every trial has one result, its rows, and the answers that it has anywhere else."""
    trials = case.trials(3, "results")
    events: list[TrialEvent] = []
    got = list(case.create(trials[0]).run(iter(trials), events.append))
    for result in got:
        require(
            isinstance(result, TrialResult), f"run yielded a {type(result).__name__}, no result"
        )
    ids = sorted(result.trial_id for result in got)
    wanted = sorted(trial.trial_id for trial in trials)
    require(ids == wanted, f"the results name the trials {ids}, but {wanted} were given")
    for result in got:
        require(result.status == FINISHED, f"a trial that works is {result.status}: {result.error}")
    strange = {event.trial_id for event in events} - set(wanted)
    require(not strange, f"events name trials that were not given: {sorted(strange)}")
    require(events, "on_event was never called; pass it on to trmbench's run_trial")
    _require_same_answers(case, trials[0])


def _require_same_answers(case: RunnerCase, trial: Trial) -> None:
    here = case.trials(1, "here")[0]
    run_trial(here)
    columns = ["puzzle_id", "answer", "halt_probability"]
    one, other = (
        Store(each.results).read("puzzles", columns, [each.name]) for each in (trial, here)
    )
    require(
        one.num_rows > 0, f"the answers of trial {trial.trial_id} are not in its results folder"
    )
    require(one.equals(other), "the same trial has other answers than in this process")


def failures(case: RunnerCase) -> None:
    """A trial that fails is reported as such, with its reason, and stops no other."""
    good = case.trials(2, "failures")
    bad = case.trials(1, "failures", **{"model.fails": True})[0]
    trials = [good[0], bad, good[1]]
    got = {
        result.trial_id: result for result in case.create(bad).run(iter(trials), lambda event: None)
    }
    for trial in trials:
        require(trial.trial_id in got, f"trial {trial.trial_id} has no result")
    failure = got[bad.trial_id]
    require(failure.status == FAILED, f"a trial that raised an error is {failure.status!r}")
    require(failure.error and "told to fail" in failure.error, f"its error is {failure.error!r}")
    for trial in good:
        status = got[trial.trial_id].status
        require(status == FINISHED, f"a trial next to one that failed is {status}")


def laziness(case: RunnerCase) -> None:
    """Trials are taken when there is room, and none after the run is closed."""
    trials = case.trials(MANY, "laziness")
    taken = 0

    def watched() -> Iterator[Trial]:
        nonlocal taken
        for trial in trials:
            taken += 1
            yield trial

    running = case.create(trials[0]).run(watched(), lambda event: None)
    next(iter(running))
    require(
        taken < MANY,
        f"all {MANY} trials were taken before the first was done, so --time-budget cannot work",
    )
    close = getattr(running, "close", None)
    if close is None:
        raise ConformanceError("run does not return a generator, so it cannot be closed")
    before = taken
    close()
    require(taken <= before, "closing the run took further trials")


CHECKS = (Check(listing), Check(results, vital=True), Check(failures), Check(laziness))
