"""A trace of training steps, and how much of the time the GPU waited for the host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from trmbench.bench.timing import WARM_UP
from trmbench.machine import synchronize

STEPS = 5


def profile_steps(call: Callable[[], object], device: torch.device, file: Path) -> float | None:
    """Write a trace of a few calls, for chrome://tracing or ui.perfetto.dev.

    Returns:
        The share of the time between the first and the last kernel in which no kernel ran, where
        there are kernels: on a CUDA device.

    Raises:
        OSError: the file cannot be written.
    """
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    for _ in range(WARM_UP):
        call()
    synchronize(device)
    with profile(activities=activities) as trace:
        for _ in range(STEPS):
            call()
        synchronize(device)
    trace.export_chrome_trace(str(file))
    return idle_share(kernels(trace.events() or ()))


def kernels(events: Iterable[FunctionEvent]) -> list[tuple[float, float]]:
    """The start and the end of what a GPU computed; annotations cover the gaps in between."""
    return [
        (event.time_range.start, event.time_range.end)
        for event in events
        if event.device_type.name == "CUDA" and not event.is_user_annotation
    ]


def idle_share(intervals: Iterable[tuple[float, float]]) -> float | None:
    """Share of the span of these (start, end) that none of them covers; None if there are none."""
    ordered = sorted(intervals)
    if not ordered:
        return None
    first, busy, reached = ordered[0][0], 0.0, ordered[0][0]
    for start, end in ordered:
        busy += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return 1 - busy / (reached - first) if reached > first else 0.0
