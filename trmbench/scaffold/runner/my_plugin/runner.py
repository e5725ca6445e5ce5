"""Executes trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from trmbench import Trial, TrialEvent, TrialResult, run_trial


class MyPlugin:
    """One trial after the other, in this process."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        """Yield each trial's result as it ends; `run_trial` turns errors into results.

        Args:
            trials: taken one by one, when there is room for the next.
            on_event: gets the progress.
        """
        for trial in trials:
            yield run_trial(trial, on_event)
