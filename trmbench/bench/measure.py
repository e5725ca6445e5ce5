"""The measurements of one trial: its training step and its test step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from trmbench.bench.subject import Subject
from trmbench.bench.timing import seconds_per_call
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.machine import device_name, peak_memory, reset_peak_memory
from trmbench.spec import Batch, PuzzleTable
from trmbench.training.flops import step_flops
from trmbench.training.weights import weight_count
from trmbench.trial.build import TrialParts

StepKind = Literal["train", "test"]

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


def measure(
    subject: Subject, peak: float, seconds: float, calls: int | None = None
) -> list[Measurement]:
    """Time the training step and the test step of a trial.

    Args:
        subject: the trial.
        peak: operations per second of matrix products on its device.
        seconds: time for each kind of step.
        calls: this many steps instead.
    """
    parts, trial = subject.parts, subject.trial
    torch.set_num_threads(parts.train.threads)
    model, seq_len = parts.model, parts.task.info.seq_len
    first, last = (step_flops(model, seq_len, parts.schedule(share)) for share in (0.0, 1.0))

    def timed(step: StepKind, batch_size: int, flops_per_puzzle: int) -> Measurement:
        reset_peak_memory(parts.device)
        call = prepare_training(parts) if step == "train" else prepare_test(parts)
        return Measurement(
            model=trial.model,
            task=trial.task,
            preset=trial.preset,
            step=step,
            device=device_name(parts.device),
            precision=parts.train.precision,
            threads=parts.train.threads,
            compiled=parts.execution.compile and step == "train",
            parameters=weight_count(parts.model),
            batch_size=batch_size,
            seconds=seconds_per_call(call, parts.device, seconds, calls),
            flops=batch_size * flops_per_puzzle,
            peak_flops_per_second=peak,
            peak_memory_bytes=peak_memory(parts.device),
            supervision_steps=parts.evaluation.steps or parts.model.max_steps,
            trial_batch_size=subject.batch_size,
            trial_steps=subject.steps,
        )

    return [
        timed("train", parts.train.batch_size, first.training),
        timed("test", parts.evaluation.batch_size, last.test),
    ]


def feasible(subject: Subject, peak: float) -> Subject:
    """Halve the trial's batch until a step takes seconds at most."""
    parts = subject.parts
    per_puzzle = step_flops(parts.model, parts.task.info.seq_len).training
    wanted = parts.train.batch_size
    possible = LONGEST_STEP_SECONDS * EXPECTED_SHARE * peak / max(1, per_puzzle)
    if possible >= wanted:
        return subject
    return subject.with_batch(2 ** max(0, int(math.log2(max(1, possible)))))


def prepare_training(parts: TrialParts) -> Callable[[], object]:
    """Prepare a training step of the harness: batch, augmentation, forward, backward, update."""
    trainer = parts.trainer()
    trainer.module.train()
    return trainer.train_step


def prepare_test(parts: TrialParts) -> Callable[[], object]:
    """Prepare one supervision step of one batch in testing."""
    solver = RecursiveSolver(parts.model.eval(), 1, parts.dtype)
    batch = _batch(parts.task.split("test"), parts.evaluation.batch_size, parts.device)
    generator = parts.streams.torch("solver")
    return lambda: solver.predict(batch, generator)


def _batch(table: PuzzleTable, size: int, device: torch.device) -> Batch:
    rows = np.arange(size) % len(table)
    inputs = torch.from_numpy(table.inputs[rows]).to(device).long()
    identifiers = torch.from_numpy(table.puzzle_identifiers[rows]).to(device).long()
    return Batch(inputs, torch.zeros_like(inputs), identifiers, torch.from_numpy(rows).to(device))
