"""The measurements of one trial: its training step and its test step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from trmbench.bench.subject import Subject
from trmbench.bench.timing import seconds_per_call
from trmbench.errors import TrmbenchError, one_line
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.machine import (
    device_name,
    free_memory,
    is_out_of_memory,
    peak_memory,
    reset_peak_memory,
)
from trmbench.spec import Batch, PuzzleTable
from trmbench.training.compilation import compiled_forward
from trmbench.training.flops import step_flops
from trmbench.training.memory import StepMemory
from trmbench.training.weights import weight_count
from trmbench.trial.build import TrialParts
from trmbench.trial.memory import SAFE_SHARE, rehearsal_device, step_memory

StepKind = Literal["train", "test"]
STEPS: tuple[StepKind, ...] = get_args(StepKind)

LONGEST_STEP_SECONDS = 4.0
EXPECTED_SHARE = 0.5
"""Share of the matrix-product peak, to choose a batch that keeps a step below that time."""


@dataclass(frozen=True)
class Measurement:
    """One kind of step of one trial."""

    model: str
    task: str
    preset: str
    step: StepKind
    """"train": one weight update; "test": one supervision step of one batch."""
    device: str
    precision: str
    threads: int
    compiled: bool
    parameters: int
    batch_size: int
    seconds: float
    """Time of one step."""
    flops: int
    """Operations of the matrix products of one step."""
    peak_flops_per_second: float
    """Rate of matrix products on the same device, in the same precision and run."""
    peak_memory_bytes: int
    """Allocated on a GPU; of the whole process elsewhere."""
    supervision_steps: int
    trial_batch_size: int
    """Batch of the trial's training; `batch_size` may be smaller, to take seconds here."""
    trial_steps: int
    """Training steps of the whole trial."""

    @property
    def flops_per_second(self) -> float:
        """Achieved rate."""
        return self.flops / self.seconds

    @property
    def share_of_peak(self) -> float:
        """Model FLOPs utilisation (MFU)."""
        return self.flops_per_second / self.peak_flops_per_second

    @property
    def puzzles_per_second(self) -> float:
        """Puzzles supervised once in training; puzzles answered, by all steps, in testing."""
        passes = self.supervision_steps if self.step == "test" else 1
        return self.batch_size / self.seconds / passes

    @property
    def trial_seconds(self) -> float | None:
        """Projected time of the whole training: its steps, at its batch size."""
        if self.step != "train":
            return None
        return self.trial_steps * self.seconds * self.trial_batch_size / self.batch_size


@dataclass(frozen=True)
class Skipped:
    """One kind of step of one trial that could not be measured."""

    model: str
    task: str
    preset: str
    step: StepKind
    reason: str
    """In one line."""


@dataclass(frozen=True)
class Effort:
    """The time and the batch that a measurement takes."""

    peak: float
    """Operations per second of matrix products on the device."""
    seconds: float
    """Time for each kind of step."""
    calls: int | None = None
    """This many steps instead."""
    may_shrink: bool = True
    """Whether a smaller batch may be measured where memory does not suffice."""


def measure(subject: Subject, effort: Effort) -> Iterator[Measurement | Skipped]:
    """Time the training step and the test step of a trial, and yield each as it is measured.

    What goes wrong, in code of a plugin or for want of memory, ends no other measurement.
    """
    for step in STEPS:
        while True:
            try:
                found = _timed(subject, step, effort)
            except Exception as error:  # a plugin's model may raise anything
                problem, lacks_memory = _told(error), is_out_of_memory(error)
            else:
                yield found
                break
            free_memory()
            size = subject.parts.train.batch_size
            if not lacks_memory or not effort.may_shrink or size == 1:
                trial = subject.trial
                yield Skipped(trial.model, trial.task, trial.preset, step, problem)
                break
            subject = subject.with_batch(size // 2)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, TrmbenchError) else one_line(error)


def _timed(subject: Subject, step: StepKind, effort: Effort) -> Measurement:
    parts, trial = subject.parts, subject.trial
    torch.set_num_threads(parts.train.threads)
    is_training = step == "train"
    done = 0.0 if is_training else 1.0
    flops = step_flops(parts.model, parts.task.info.seq_len, parts.schedule(done))
    batch_size = (parts.train if is_training else parts.evaluation).batch_size
    reset_peak_memory(parts.device)
    call = prepare_training(parts) if is_training else prepare_test(parts)
    return Measurement(
        model=trial.model,
        task=trial.task,
        preset=trial.preset,
        step=step,
        device=device_name(parts.device),
        precision=parts.train.precision,
        threads=parts.train.threads,
        compiled=bool(parts.execution.compile),
        parameters=weight_count(parts.model),
        batch_size=batch_size,
        seconds=seconds_per_call(call, parts.device, effort.seconds, effort.calls),
        flops=batch_size * (flops.training if is_training else flops.test),
        peak_flops_per_second=effort.peak,
        peak_memory_bytes=peak_memory(parts.device),
        supervision_steps=parts.evaluation.steps or parts.model.max_steps,
        trial_batch_size=subject.batch_size,
        trial_steps=subject.steps,
    )


def feasible(subject: Subject, peak: float, room: float = math.inf) -> Subject:
    """Halve the trial's batch until a step takes seconds at most, and fits into memory.

    Args:
        subject: the trial.
        peak: operations per second of matrix products on its device.
        room: bytes that are free there.
    """
    parts = subject.parts
    per_puzzle = step_flops(parts.model, parts.task.info.seq_len).training
    wanted = size = parts.train.batch_size
    possible = LONGEST_STEP_SECONDS * EXPECTED_SHARE * peak / max(1, per_puzzle)
    if possible < wanted:
        size = 2 ** max(0, int(math.log2(max(1, possible))))
    memory = memory_of(subject)
    if memory is not None:
        size = memory.largest_batch(size, SAFE_SHARE * room)
    return subject if size == wanted else subject.with_batch(size)


def memory_of(subject: Subject) -> StepMemory | None:
    """Predict the memory of the trial's training steps; None where its model cannot be rehearsed.

    A rehearsal computes no numbers, so that it needs no memory itself.
    """
    parts = subject.parts
    try:
        device = rehearsal_device(step_flops(parts.model, parts.task.info.seq_len).training)
        return step_memory(parts, lambda: parts.model_without_base(device))
    except Exception:  # a plugin's model may raise anything, and may train all the same
        return None


def too_large(subject: Subject, room: float) -> list[Skipped]:
    """The steps of a trial on a CPU that are not even tried, since the system would end all.

    On a GPU a step that does not fit does no harm, and compiled it takes less than predicted.
    """
    parts, trial = subject.parts, subject.trial
    memory = memory_of(subject) if parts.device.type == "cpu" else None
    size = parts.train.batch_size
    if memory is None or memory.peak(size, parts.execution.micro_batch) <= room:
        return []
    needed = memory.peak(size, parts.execution.micro_batch)
    reason = f"{size} puzzles would take {needed / 1e9:.1f} GB, and {room / 1e9:.1f} GB are free"
    return [Skipped(trial.model, trial.task, trial.preset, step, reason) for step in STEPS]


def prepare_training(parts: TrialParts) -> Callable[[], object]:
    """Prepare a training step of the harness: batch, augmentation, forward, backward, update."""
    trainer = parts.trainer()
    trainer.module.train()
    return trainer.train_step


def prepare_test(parts: TrialParts) -> Callable[[], object]:
    """Prepare one supervision step of one batch in testing."""
    model = parts.model.eval()
    compile = parts.execution.compile
    forward = compiled_forward(model, parts.device, parts.dtype) if compile else None
    solver = RecursiveSolver(model, 1, parts.dtype, forward=forward)
    batch = _batch(parts.task.split("test"), parts.evaluation.batch_size, parts.device)
    generator = parts.streams.torch("solver")
    return lambda: solver.predict(batch, generator)


def _batch(table: PuzzleTable, size: int, device: torch.device) -> Batch:
    rows = np.arange(size) % len(table)
    inputs = torch.from_numpy(table.inputs[rows]).to(device).long()
    identifiers = torch.from_numpy(table.puzzle_identifiers[rows]).to(device).long()
    return Batch(inputs, torch.zeros_like(inputs), identifiers, torch.from_numpy(rows).to(device))
