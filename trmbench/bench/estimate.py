"""The cost of a trial, estimated before it starts.

The model is built on torch's `meta` device, which computes shapes and no numbers: so even one that
would not fit into this machine is estimated, from its arithmetic. Where training steps are quick, a
few of them are timed.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from trmbench.bench.matmul import measure_elsewhere, measure_matmul_rate
from trmbench.bench.measure import prepare_training
from trmbench.bench.subject import sampled
from trmbench.errors import TrmbenchError, one_line
from trmbench.experiment.plan import Plan
from trmbench.machine import available_cores, available_memory
from trmbench.spec import Solver, Trial
from trmbench.training.flops import step_flops, training_flops
from trmbench.training.weights import weight_count
from trmbench.trial.build import TrialParts
from trmbench.trial.evaluate import tested_puzzles
from trmbench.trial.memory import rehearsal_device, step_memory

USUAL_SHARE_OF_MATMUL_RATE = 0.2
"""Share of the measured matrix-multiply rate that trainings reach, for the estimate of time."""

TIMED_STEPS = 3
QUICK_FLOPS = 10**10
"""Floating-point operations: training steps of less, on a CPU, are timed."""
MOST_TIMING = 10.0
"""Seconds of timing; the cells after it are as far from their arithmetic as the last one timed."""

_META = torch.device("meta")


@dataclass(frozen=True)
class TrialEstimate:
    """The expected cost of one trial."""

    parameters: int
    """Weights of the network, without puzzle embeddings; 0 for what needs no training."""
    steps: int
    flops_per_step: int
    """Floating-point operations of the matrix products of one training step."""
    seconds: float
    """Time of the training on this machine, with the trial's threads."""
    memory_bytes: int
    """The most that a training step takes, uncompiled: weights, averages, activations."""
    embedding_rows: int = 0
    """Puzzle embeddings that can occur, the blank one included; 0 without any."""


def estimate_trial(
    parts: TrialParts, matmul_rate: float, steps: int | None = None
) -> TrialEstimate:
    """Estimate the cost of a trial.

    Args:
        parts: the trial's parts; the task is loaded for it.
        matmul_rate: floating-point operations per second, from `trmbench.bench.matmul`.
        steps: training steps, where the task is a sample; None = those of the task.
    """
    info = parts.task.info
    model = _trainable(parts, _META)
    if model is None:
        return TrialEstimate(0, 0, 0, 0.0, 0)
    parameters = weight_count(model)
    steps = parts.total_steps if steps is None else steps
    per_puzzle = step_flops(model, info.seq_len, parts.schedule(1.0)).training
    device = rehearsal_device(per_puzzle)
    if device != _META:
        model = _trainable(parts, device)
    batch_size = parts.train.batch_size
    flops = training_flops(model, info.seq_len, batch_size, steps, parts.schedule) // max(1, steps)
    memory = step_memory(parts, lambda: _trainable(parts, device))
    return TrialEstimate(
        parameters=parameters,
        steps=steps,
        flops_per_step=flops,
        seconds=steps * flops / (matmul_rate * USUAL_SHARE_OF_MATMUL_RATE),
        memory_bytes=memory.peak(batch_size, parts.execution.micro_batch),
        embedding_rows=0
        if model.puzzle_embedding is None
        else info.used_puzzle_identifiers or info.num_puzzle_identifiers,
    )


def _trainable(parts: TrialParts, device: torch.device) -> Any:
    """The model; None if it needs no training or builds upon another."""
    if parts.model_entry.spec.base is not None:
        return None
    model = parts.model_without_base(device)
    return model if isinstance(model, nn.Module) and not isinstance(model, Solver) else None


@dataclass(frozen=True)
class CellEstimate:
    """The expected cost of the pending trials of one cell."""

    trial: Trial
    """One of them."""
    trials: int
    """Number of the pending trials."""
    stacked: int
    """Number of these trials that are trained as one computation."""
    device: str
    cost: TrialEstimate | None
    """The cost of one trial; None where the model could not be built."""
    problem: str | None = None
    """Why it could not be built."""
    available_bytes: float = math.inf
    """Memory that this machine has left for it; infinity on a GPU, which is not asked."""

    @property
    def memory_bytes(self) -> int:
        """Memory of one trial, or of the stacked ones together."""
        return 0 if self.cost is None else self.cost.memory_bytes * self.stacked

    @property
    def seconds(self) -> float:
        """Time of one trial, or of the stacked ones together."""
        return 0.0 if self.cost is None else self.cost.seconds * self.stacked


def estimate_cells(plan: Plan, *, load: bool = True) -> Iterator[CellEstimate]:
    """Estimate the pending trials of each cell; of a finished plan, its trials.

    Args:
        plan: the trials.
        load: load each cell's task, so that bad data is found before anything is run. Otherwise
            nothing is downloaded or generated: a sample stands for the puzzles of a task that has
            one, unless they are the user's files or have embeddings of their own.

    Raises:
        TrmbenchError: the task's data or the model's options are bad.
    """
    rates: dict[tuple[str, str, int], float] = {}
    correction, until = 1.0, time.process_time() + MOST_TIMING
    for trial in {trial.cell_id: trial for trial in plan.pending or plan.trials}.values():
        parts, steps = (TrialParts(trial), None) if load else _stand_in(trial)
        trials = sum(other.cell_id == trial.cell_id for other in plan.pending)
        stacked = trials if parts.execution.stack_seeds and trials > 1 else 1
        threads = min(available_cores(), stacked * trial.threads)
        key = (str(parts.device), parts.train.precision, threads)
        if key not in rates:
            # A process that used a GPU keeps memory there, and this one stays for the whole run.
            measure = measure_elsewhere if parts.device.type == "cuda" else measure_matmul_rate
            rates[key] = measure(parts.device, parts.dtype, threads)
        if steps is None:
            tested_puzzles(parts)  # bad data is told as such, whatever the model does
        cost, problem = None, None
        left = available_memory(parts.device) if parts.device.type == "cpu" else math.inf
        try:
            cost = estimate_trial(parts, rates[key], steps)
            if _is_quick(parts, cost, left) and time.process_time() < until:
                correction = _step_seconds(parts, cost) * cost.steps / cost.seconds
            cost = replace(cost, seconds=cost.seconds * correction)
        except TrmbenchError:
            raise
        except Exception as error:  # a plugin's model may raise anything: its trials will say so
            problem = one_line(error)
        yield CellEstimate(trial, trials, stacked, str(parts.device), cost, problem, left)


def _is_quick(parts: TrialParts, cost: TrialEstimate, room: float) -> bool:
    """Whether a few training steps can be timed in passing, in this process and its memory."""
    return (
        cost.steps > 0
        and parts.device.type == "cpu"
        and not parts.execution.compile
        and cost.flops_per_step < QUICK_FLOPS
        and 2 * cost.memory_bytes < room
    )


def _step_seconds(parts: TrialParts, cost: TrialEstimate) -> float:
    """Time a few steps, the fastest counts; those of a growing network by their operations.

    One thread is timed by the processor, so that other programs do not count.
    """
    torch.set_num_threads(parts.train.threads)
    clock = time.process_time if parts.train.threads == 1 else time.perf_counter
    step = prepare_training(parts)
    step()
    times = [clock()]
    for _ in range(TIMED_STEPS):
        step()
        times.append(clock())
    seconds = min(after - before for before, after in itertools.pairwise(times))
    first = step_flops(parts.model, parts.task.info.seq_len, parts.schedule(0.0)).training
    return seconds * cost.flops_per_step / (parts.train.batch_size * first)


def _stand_in(trial: Trial) -> tuple[TrialParts, int | None]:
    """Have a sample stand for a task's puzzles; where these decide on the weights, load them.

    Returns:
        The parts, and the training steps where the puzzles are a sample.
    """
    if not trial.config["task"].get("path"):
        sample = sampled(trial)
        if sample.parts.task.info.num_puzzle_identifiers <= 1:
            return sample.parts, sample.steps
    return TrialParts(trial), None


def seconds_by_cell(plan: Plan) -> dict[str, float]:
    """Estimate the seconds of each cell's trials, by cell_id."""
    return {found.trial.cell_id: found.seconds for found in estimate_cells(plan)}
