"""A runner without processes: what a test of many commands has time for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from trmbench import RunnerSpec, Trial, TrialEvent, TrialResult, hookimpl, run_trial


class InlineRunner:
    """Executes trials in this process, one after the other."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        """Yield each result."""
        for trial in trials:
            yield run_trial(trial, on_event)


def create(settings: Mapping[str, Any]) -> InlineRunner:
    return InlineRunner()


@hookimpl
def trmbench_runners() -> Sequence[RunnerSpec]:
    """Offer the runner."""
    return [RunnerSpec("inline", "In this process", create)]
