"""Progress of running trials: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from trmbench.cli.console import console, warn
from trmbench.spec import Trial, TrialEvent, TrialResult

SECONDS_BETWEEN_LINES = 15.0


class TrialProgress:
    """Shows every running trial: step, loss, exact accuracy, steps per second, time left."""

    def __init__(self, trials: Iterable[Trial]) -> None:
        self._trials: Mapping[str, Trial] = {trial.trial_id: trial for trial in trials}
        self._live = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            disable=not self._live,
        )
        self._bars: dict[str, TaskID] = {}
        self._last_line: dict[str, float] = {}
        self._ended = 0

    def __enter__(self) -> TrialProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def on_event(self, event: TrialEvent) -> None:
        """Show one event."""
        label = self._label(event.trial_id)
        if event.message:
            warn(f"{label}: {event.message}")
        elif self._live:
            self._show_bar(event, label)
        else:
            self._print_line(event, label)

    def on_result(self, result: TrialResult) -> None:
        """Show that a trial ended."""
        self._ended += 1
        bar = self._bars.pop(result.trial_id, None)
        if bar is not None:
            self._progress.remove_task(bar)
        place = f"[{self._ended}/{len(self._trials)}]"
        line = f"{place} {self._label(result.trial_id)}: {result.status}"
        console.print(f"{line}: {result.error}" if result.error else line, soft_wrap=True)

    def _label(self, trial_id: str) -> str:
        return self._trials[trial_id].label if trial_id in self._trials else trial_id

    def _show_bar(self, event: TrialEvent, label: str) -> None:
        if event.trial_id not in self._bars:
            self._bars[event.trial_id] = self._progress.add_task(label, figures="")
        self._progress.update(
            self._bars[event.trial_id],
            description=f"{label} {event.phase}",
            completed=event.step,
            total=event.total,
            figures=figures(event),
        )

    def _print_line(self, event: TrialEvent, label: str) -> None:
        now = time.monotonic()
        last_step = event.step == event.total and event.phase == "train"
        if now - self._last_line.get(event.trial_id, 0.0) >= SECONDS_BETWEEN_LINES or last_step:
            self._last_line[event.trial_id] = now
            done = f"{label}: {event.phase} {event.step}/{event.total}"
            console.print(f"{done} {figures(event)}", soft_wrap=True)


def figures(event: TrialEvent) -> str:
    """Loss, exact accuracy and speed, as far as the event has them."""
    parts = []
    if event.loss is not None:
        parts.append(f"loss {event.loss:.4f}")
    if event.accuracy is not None and not math.isnan(event.accuracy):
        parts.append(f"exact {100 * event.accuracy:.1f} %")
    if event.steps_per_second is not None:
        parts.append(f"{event.steps_per_second:.1f} steps/s")
        left = (event.total - event.step) / max(event.steps_per_second, 1e-9)
        parts.append(f"{left:.0f} s left")
    return ", ".join(parts)
