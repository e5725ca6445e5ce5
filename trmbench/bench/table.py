"""Measurements as a table and as records."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from trmbench.bench.measure import Measurement, Skipped
from trmbench.report.words import counted, duration, memory, number
from trmbench.trial.provenance import environment

_PREFIXES = ("", "k", "M", "G", "T", "P")


_NAMES = {"model": 5, "task": 4, "preset": 6, "step": 5, "precision": 9}
"""Columns of names, which stand left, and their least width."""
_NUMBERS = {
    "batch": 10,
    "steps/s": 7,
    "puzzles/s": 9,
    "FLOP/s": 7,
    "MFU %": 5,
    "memory": 8,
    "trial": 7,
}
HEADINGS = (*_NAMES, *_NUMBERS)


def line(texts: Sequence[str], names: Sequence[Sequence[str]]) -> str:
    """Set one line of the table while the lines after it are not known.

    Args:
        texts: `HEADINGS`, or a row.
        names: model, task and preset of every row that may come.
    """
    longest = (max(map(len, column)) for column in zip(*names, strict=True))
    named = zip_longest(_NAMES.values(), longest, fillvalue=0)
    left = [text.ljust(max(width)) for text, width in zip(texts, named, strict=False)]
    right = [
        text.rjust(width)
        for text, width in zip(texts[len(_NAMES) :], _NUMBERS.values(), strict=True)
    ]
    return "  ".join([*left, *right])


def row(of: Measurement) -> tuple[str, ...]:
    """One line of the table as texts."""
    smaller = of.step == "train" and of.batch_size < of.trial_batch_size
    trial = of.trial_seconds
    return (
        of.model,
        of.task,
        of.preset,
        of.step,
        of.precision,
        f"{of.batch_size} of {of.trial_batch_size}" if smaller else str(of.batch_size),
        f"{1 / of.seconds:.3g}",
        f"{of.puzzles_per_second:.3g}",
        quantity(of.flops_per_second),
        number(of.share_of_peak),
        memory(of.peak_memory_bytes),
        duration(math.nan if trial is None else trial),
    )


def conditions(found: Sequence[Measurement]) -> list[str]:
    """Say what was measured, and on which machine."""
    where = environment()
    machine = f"{found[0].device}: {where['cpu']}, torch {where['packages']['torch']}"
    peaks = {
        f"{quantity(of.peak_flops_per_second)}FLOP/s in {of.precision}"
        + (f" with {counted(of.threads, 'thread')}" if of.device == "cpu" else "")
        for of in found
    }
    return [
        f"{machine}. Peak, as matrix products reach it here: {', '.join(sorted(peaks))}.",
        "A train step is one weight update, a test step is one supervision step"
        + (", both compiled" if any(of.compiled for of in found) else "")
        + ", and test puzzles/s count all of them. "
        "FLOP/s count matrix products, MFU is their share of the peak. Trial: the training in full"
        + (
            "; at its own batch size, from the smaller one measured."
            if any(of.batch_size < of.trial_batch_size for of in found)
            else "."
        ),
    ]


def quantity(value: float) -> str:
    """Write three digits and the prefix of the unit that follows: 1234 -> "1.23 k"."""
    power = min(len(_PREFIXES) - 1, max(0, int(math.log10(max(value, 1)) // 3)))
    return f"{value / 1000**power:.3g} {_PREFIXES[power]}"


def record(found: Sequence[Measurement], skipped: Sequence[Skipped] = ()) -> dict[str, Any]:
    """List the machine and the measurements, for other programs: plain units, shares in 0..1."""
    return {
        "environment": environment(),
        "measurements": list(map(_flat, found)),
        "skipped": list(map(dataclasses.asdict, skipped)),
    }


def _flat(of: Measurement) -> dict[str, Any]:
    return {
        **dataclasses.asdict(of),
        "steps_per_second": 1 / of.seconds,
        "puzzles_per_second": of.puzzles_per_second,
        "flops_per_second": of.flops_per_second,
        "share_of_peak": of.share_of_peak,
        "trial_seconds": of.trial_seconds,
    }
