"""Progress of running trials: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TypeVar

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from trmbench.report.console import SafeConsole
from trmbench.report.remaining import Remaining
from trmbench.report.words import about, duration, metric_names, percent
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.trials import Row

SECONDS_BETWEEN_LINES = 15.0
P = TypeVar("P")
Seconds = Mapping[str, float]


class TrialProgress:
    """Shows every running trial, and how far all of them are together.

    Args:
        trials: what is run.
        console: where it is shown.
        warn: gets the lines that trials have for the user.
    """

    def __init__(
        self, trials: Iterable[Trial], console: SafeConsole, warn: Callable[[str], None]
    ) -> None:
        self._trials: Mapping[str, Trial] = {trial.trial_id: trial for trial in trials}
        self.remaining = Remaining(self._trials.values())
        self._console = console
        self._warn = warn
        self._live = console.is_terminal or console.is_jupyter
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[figures]}", markup=False),
            console=console,
            disable=not self._live,
        )
        self._all: TaskID | None = None
        self._bars: dict[str, TaskID] = {}
        self._last_line: dict[str, float] = {}
        self._ended = 0

    def __enter__(self) -> TrialProgress:
        if len(self._trials) > 1:
            self._all = self._progress.add_task("all", total=1.0, figures="")
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._all is not None:
            self._progress.remove_task(self._all)
        self._progress.stop()

    def estimating(self, estimate: Callable[[P], Seconds]) -> Callable[[P], Seconds]:
        """Have an estimate of the seconds by cell_id weigh the trials, too."""

        def estimated(plan: P) -> Seconds:
            seconds = estimate(plan)
            self.remaining.expect(seconds)
            return seconds

        return estimated

    def on_event(self, event: TrialEvent) -> None:
        """Show one event."""
        label = self._label(event.trial_id)
        if event.message:
            return self._warn(f"{label}: {event.message}")
        self.remaining.on_event(event)
        if self._live:
            self._show_bar(event, label)
            self._show_all()
        else:
            self._print_line(event, label)
        return None

    def on_result(self, result: TrialResult, row: Row | None = None) -> None:
        """Show that a trial ended.

        Args:
            result: how it ended.
            row: what is stored of it.
        """
        self._ended += 1
        self.remaining.on_result(result.trial_id)
        bar = self._bars.pop(result.trial_id, None)
        if bar is not None:
            self._progress.remove_task(bar)
        self._show_all()
        line = f"[{self._ended}/{len(self._trials)}] {self._label(result.trial_id)}"
        self._console.print(f"{line}: {_ending(result, row)}", soft_wrap=True)

    def _label(self, trial_id: str) -> str:
        return self._trials[trial_id].label if trial_id in self._trials else trial_id

    def _show_bar(self, event: TrialEvent, label: str) -> None:
        if event.trial_id not in self._bars:
            self._bars[event.trial_id] = self._progress.add_task(label, figures="")
        alone = f", {self._left()}" if self._all is None and self._left() else ""
        self._progress.update(
            self._bars[event.trial_id],
            description=label,
            completed=event.step,
            total=event.total,
            figures=f"{_place(event)} {figures(event)}".rstrip() + alone,
        )

    def _show_all(self) -> None:
        if self._all is not None:
            done = f"{self._ended} of {len(self._trials)} trials done"
            self._progress.update(
                self._all,
                completed=self.remaining.share,
                figures=f"{done}, {self._left()}" if self._left() else done,
            )

    def _left(self) -> str:
        seconds = self.remaining.seconds()
        return "" if seconds is None else f"{about(seconds)} left"

    def _print_line(self, event: TrialEvent, label: str) -> None:
        now = time.monotonic()
        last_step = event.step == event.total and event.phase == "train"
        if now - self._last_line.get(event.trial_id, 0.0) >= SECONDS_BETWEEN_LINES or last_step:
            self._last_line[event.trial_id] = now
            speed = event.steps_per_second
            parts = [figures(event), "" if speed is None else f"{speed:.1f} steps/s"]
            whole = f"{self._left()} for all {len(self._trials)}" if self._left() else ""
            rest = ", ".join(filter(None, [*parts, whole]))
            self._console.print(f"{label}: {_place(event)} {rest}", soft_wrap=True)


def _place(event: TrialEvent) -> str:
    return f"{event.phase} {event.step}/{event.total}"


def _ending(result: TrialResult, row: Row | None) -> str:
    """Say how a trial ended, how good it is and how long its training took."""
    said = result.status
    if result.error:
        return f"{said}: {result.error}"
    if row is not None and row["score"] is not None:
        said += f", {metric_names([row['primary_metric'] or 'score'])} {percent(row['score'])}"
        if row["train_seconds"]:
            said += f", trained in {duration(row['train_seconds'])}"
    return said


def figures(event: TrialEvent) -> str:
    """Write loss and exact accuracy, as far as the event has them."""
    parts = []
    if event.loss is not None:
        parts.append(f"loss {event.loss:.4f}")
    if event.accuracy is not None and not math.isnan(event.accuracy):
        parts.append(f"exact {100 * event.accuracy:.1f} %")
    return ", ".join(parts)
