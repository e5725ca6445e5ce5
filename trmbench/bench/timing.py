"""The time of a repeated call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from trmbench.machine import synchronize

ROUNDS = 5
"""The time is the median of this many rounds: a disturbance of one or two does not count."""
WARM_UP = 2
"""Calls that compile, allocate and fill caches; the last of them tells how many make a round."""


def seconds_per_call(
    call: Callable[[], object],
    device: torch.device,
    seconds: float,
    calls: int | None = None,
) -> float:
    """Seconds that a call takes, after warming up.

    Args:
        call: what is timed; it need not wait for the device.
        device: is waited for around every round.
        seconds: how long to go on for, at least one call.
        calls: this many calls instead.
    """

    def round_of(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            call()
        synchronize(device)
        return time.perf_counter() - started

    synchronize(device)
    for _ in range(WARM_UP):
        last = round_of(1)
    rounds = ROUNDS if calls is None else min(ROUNDS, calls)
    count = max(1, int(seconds / rounds / last)) if calls is None else -(-calls // rounds)
    times: list[float] = []
    while len(times) < rounds and (calls is not None or sum(times) < seconds):
        times.append(round_of(count))
    return statistics.median(times) / count
