"""Measurements as a table and as records."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from trmbench.bench.measure import Measurement
from trmbench.report.tables import TextTable
from trmbench.report.words import duration, memory, number
from trmbench.trial.provenance import environment

_PREFIXES = ("", "k", "M", "G", "T", "P")


def table(found: Sequence[Measurement]) -> TextTable:
    """Make one line per kind of step of each trial."""
    headings = ("model", "task", "preset", "step", "precision", "batch", "steps/s", "puzzles/s")
    return TextTable(
        title="",
        headings=(*headings, "FLOP/s", "MFU %", "memory", "trial"),
        rows=tuple(map(_row, found)),
        left=5,
    )


def _row(of: Measurement) -> tuple[str, ...]:
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
        + (f" with {of.threads} threads" if of.device == "cpu" else "")
        for of in found
    }
    return [
        f"{machine}. Peak, as matrix products reach it here: {', '.join(sorted(peaks))}.",
        "A train step is one weight update"
        + (", compiled" if any(of.compiled for of in found) else "")
        + "; a test step is one supervision step, and test puzzles/s count all of them. "
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


def record(found: Sequence[Measurement]) -> dict[str, Any]:
    """List the machine and the measurements, for other programs: plain units, shares in 0..1."""
    return {"environment": environment(), "measurements": list(map(_flat, found))}


def _flat(of: Measurement) -> dict[str, Any]:
    return {
        **dataclasses.asdict(of),
        "steps_per_second": 1 / of.seconds,
        "puzzles_per_second": of.puzzles_per_second,
        "flops_per_second": of.flops_per_second,
        "share_of_peak": of.share_of_peak,
        "trial_seconds": of.trial_seconds,
    }
