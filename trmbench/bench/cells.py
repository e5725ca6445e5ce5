"""The cells that are measured, in their order."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from trmbench.bench.matmul import measure_matmul_rate
from trmbench.bench.measure import (
    Effort,
    Measurement,
    Skipped,
    feasible,
    measure,
    prepare_training,
    too_large,
)
from trmbench.bench.subject import Subject, subject
from trmbench.errors import TrmbenchError
from trmbench.machine import available_memory, choose_device

PEAK_SECONDS = 0.3
LONGEST = 3600.0
MOST_CALLS = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    models: Sequence[str] = ()
    tasks: Sequence[str] = ()
    presets: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Dotted settings, as in `--set`."""
    device: str = "auto"
    compile: bool | None = None
    """None = where there is a GPU."""


def subjects(wanted: Wanted) -> Iterator[Subject]:
    """Yield the trials to measure: models x tasks x presets, the standard ones if none is named.

    On a CPU the precision is float32 unless the settings name one: it has no fast bfloat16 as a
    rule.

    Raises:
        TrmbenchError: an unknown name or setting, or a model that is not trained by the harness.
    """
    device = choose_device(wanted.device)
    with_compile = device.type == "cuda" if wanted.compile is None else wanted.compile
    defaults = {"train.precision": "float32"} if device.type == "cpu" else {}
    execution = {"execution.device": device.type, "execution.compile": with_compile}
    settings = {**execution, **wanted.settings}
    for model, task, preset in named_cells(wanted, on_gpu=device.type != "cpu"):
        yield subject(model, task, preset, settings, defaults)


def named_cells(wanted: Wanted, on_gpu: bool) -> list[tuple[str, str, str]]:
    """List model, task and preset of each trial; the standard trials fill in what is not named."""
    standard = tomllib.loads(resources.files("trmbench.bench").joinpath("cells.toml").read_text())
    usual = [
        (cell["model"], cell["task"], cell["preset"])
        for cell in standard["cell"]
        if on_gpu or not cell.get("gpu")
    ]
    given = (wanted.models, wanted.tasks, wanted.presets)
    if not any(given):
        return usual
    models, tasks, presets = (
        chosen or dict.fromkeys(cell[place] for cell in usual) for place, chosen in enumerate(given)
    )
    return [(model, task, preset) for model in models for task in tasks for preset in presets]


def measurements(
    wanted: Wanted, seconds: float, calls: int | None = None
) -> Iterator[Measurement | Skipped]:
    """Yield the measurements of one trial after the other, and what could not be measured.

    A batch too large for a few seconds or for memory is halved until it fits, unless the settings
    name one.

    Args:
        wanted: the trials.
        seconds: for each kind of step.
        calls: this many steps instead.

    Raises:
        TrmbenchError: as `subjects`; `seconds` is not in 0..3,600, or `calls` not in 1..1,000,000.
    """
    if not (0 < seconds <= LONGEST and (calls is None or 1 <= calls <= MOST_CALLS)):
        asked = f"{seconds} seconds" if calls is None else f"{calls} steps"
        raise TrmbenchError(f"{asked} are no time to measure in", "use --seconds 2 or --steps 10")
    peaks: dict[tuple[str, int], float] = {}
    for found in subjects(wanted):
        parts = found.parts
        key = (parts.train.precision, parts.train.threads)
        if key not in peaks:
            peaks[key] = measure_matmul_rate(
                parts.device, parts.dtype, parts.train.threads, PEAK_SECONDS
            )
        named = "train.batch_size" in wanted.settings
        skipped = too_large(found, available_memory(parts.device)) if named else []
        effort = Effort(peaks[key], seconds, calls, may_shrink=not named)
        yield from skipped or measure(_at_hand(found, wanted, peaks[key]), effort)


def profile_training(wanted: Wanted, file: Path) -> float | None:
    """Trace a few training steps of one trial into a file.

    Returns:
        The share of the time in which a CUDA device waited for the host; None elsewhere.

    Raises:
        TrmbenchError: as `subjects`; there is more than one trial, or no folder for the file.
    """
    from trmbench.bench.profile import profile_steps  # loads torch's profiler: a second

    if not file.absolute().parent.is_dir():
        raise TrmbenchError(f"no folder {file.parent} for the trace", "create it")
    named = named_cells(wanted, on_gpu=True)
    if len(named) != 1:
        raise TrmbenchError(
            f"a trace is of one trial, not of {len(named)}", "name one --model, --task and --preset"
        )
    [found] = subjects(wanted)
    parts = found.parts
    peak = measure_matmul_rate(parts.device, parts.dtype, parts.train.threads)
    parts = _at_hand(found, wanted, peak).parts
    return profile_steps(prepare_training(parts), parts.device, file)


def _at_hand(found: Subject, wanted: Wanted, peak: float) -> Subject:
    """Return the trial with the batch that the settings name, or one that takes seconds here."""
    named = "train.batch_size" in wanted.settings
    return found if named else feasible(found, peak, available_memory(found.parts.device))
