"""Each check of the runner kit fires on a runner that breaks its rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest

from trmbench import RunnerSpec, Trial, TrialEvent, TrialResult, run_trial
from trmbench.plugin import registry
from trmbench.testing import assert_runner_conforms
from trmbench.testing.conform import check_runner

Results = Iterator[TrialResult]
OnEvent = Callable[[TrialEvent], None]


class InProcess:
    """A runner that works."""

    def __init__(self, execution: Mapping[str, Any]) -> None:
        self.execution = execution

    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        for trial in trials:
            yield run_trial(trial, on_event)


class LosesTrials(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        yield from list(super().run(trials, on_event))[1:]


class Silent(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        yield from super().run(trials, lambda event: None)


class ChangesTrials(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        for trial in trials:
            changed = dataclasses.replace(trial, seed=trial.seed + 1)
            yield run_trial(changed, on_event)


class WritesElsewhere(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        for trial in trials:
            yield run_trial(dataclasses.replace(trial, results=f"{trial.results}-x"), on_event)


class HidesFailures(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        for result in super().run(trials, on_event):
            yield dataclasses.replace(result, status="finished")


class StopsAtFailure(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        for result in super().run(trials, on_event):
            yield result
            if result.status == "failed":
                return


class TakesAll(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Results:
        yield from super().run(list(trials), on_event)


class ReturnsList(InProcess):
    def run(self, trials: Iterable[Trial], on_event: OnEvent) -> Any:
        return [run_trial(trial, on_event) for _, trial in zip(range(3), trials, strict=False)]


BROKEN: dict[str, tuple[type[InProcess], ...]] = {
    "results": (LosesTrials, Silent, ChangesTrials, WritesElsewhere),
    "failures": (HidesFailures, StopsAtFailure),
    "laziness": (TakesAll, ReturnsList),
}
PAIRS = [(check, kind) for check, kinds in BROKEN.items() for kind in kinds]


def _problems(kind: type[InProcess]) -> dict[str, str]:
    found = check_runner(RunnerSpec(kind.__name__, "", kind), skip={"listing"})
    return {finding.check: finding.problem for finding in found if finding.problem}


@pytest.mark.slow
def test_runner_that_works_conforms() -> None:
    assert _problems(InProcess) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("check", "kind"), PAIRS, ids=[kind.__name__ for _, kind in PAIRS])
def test_check_fires_on_a_broken_runner(check: str, kind: type[InProcess]) -> None:
    problems = _problems(kind)
    assert next(iter(problems), None) == check, problems


@pytest.mark.slow
def test_local_runner_conforms() -> None:
    assert_runner_conforms(registry.runners().find("local").spec)
