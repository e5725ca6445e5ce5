"""A trained trial in a file for other programs, checked against the trial and measured."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from trmbench.errors import TrmbenchError
from trmbench.evaluation.answers import RecursiveSolver, predict
from trmbench.spec import PuzzleTable
from trmbench.trial.build import TrialParts
from trmbench.trial.exported import OneStep, WholeAnswer, traced
from trmbench.trial.runtimes import (
    OnnxProgram,
    Program,
    ProgramSolver,
    TorchProgram,
    write_onnx,
    write_torch,
)
from trmbench.trial.saved import SavedModel

CHECKED = 256
"""Test puzzles whose answers must be equal."""
_TIMED = 30
"""Answers to one puzzle of which the median time counts."""
SUFFIXES = {"torch": ".pt2", "onnx": ".onnx", "safetensors": ".safetensors"}


@dataclass(frozen=True)
class Exported:
    """What was written."""

    whole: Path
    """The program of the whole answer."""
    step: Path
    """The program of one supervision step."""
    depth: int
    """Supervision steps of the whole answer."""
    puzzles: int
    """How many answers were found equal."""
    seconds: float
    """Median time of an answer to one puzzle by the program, of one thread processor time."""
    seconds_in_torch: float
    """The same by the model as it was trained."""
    threads: int
    """CPU threads of both."""


def export(parts: TrialParts, kind: str, file: Path) -> Exported:
    """Write a trained model's whole answer, and next to it one supervision step.

    The answers of the file are compared with the model's before anything is written.

    Args:
        parts: the trained trial, on the CPU; its evaluation says how many steps.
        kind: "torch" or "onnx".
        file: where the whole answer goes; the step goes to `NAME-step.SUFFIX`.

    Raises:
        TrmbenchError: the model has no supervision steps, cannot be exported, or answers otherwise
            from the file; or a file cannot be written.
    """
    _require_exportable(parts, kind, file)
    threads, known = parts.train.threads, (parts.streams, parts.device)
    torch.set_num_threads(threads)
    depth = parts.evaluation.steps or parts.model.max_steps
    told = {
        "trial_id": parts.trial.trial_id,
        "model": parts.trial.model,
        "task": parts.trial.task,
        "depth": depth,
    }
    write = write_onnx if kind == "onnx" else write_torch
    whole = traced(WholeAnswer(parts, depth), parts)
    with tempfile.TemporaryDirectory(prefix="trmbench-") as folder:
        trial_run = Path(folder) / f"whole{file.suffix}"
        write(whole, trial_run, told)
        program = load_program(trial_run, threads)
        ours = RecursiveSolver(
            parts.model, depth, parts.dtype, parts.trial.seed, parts.schedule(1.0)
        )
        puzzles = _require_equal(parts, ours, ProgramSolver(program))
    one = parts.task.split("test").select(slice(1))
    written = Exported(
        file,
        file.with_name(f"{file.stem}-step{file.suffix}"),
        depth,
        puzzles,
        _seconds(lambda: _answer(program, one), threads),
        _seconds(lambda: predict(ours, one, 1, *known, by_step=False), threads),
        threads,
    )
    write(traced(OneStep(parts), parts), written.step, told)
    write(whole, written.whole, told)
    return written


def _require_exportable(parts: TrialParts, kind: str, file: Path) -> None:
    suffix = SUFFIXES[kind]
    if file.suffix != suffix:
        raise TrmbenchError(
            f"{file} is no name for --format {kind}", f"such as {file.stem}{suffix}"
        )
    if not parts.needs_training:
        raise TrmbenchError(
            f"{parts.trial.model} has no supervision steps", "only recursive models are exported"
        )


def load_program(file: Path, threads: int = 1) -> OnnxProgram | TorchProgram:
    """Load a whole answer that was exported.

    Raises:
        TrmbenchError: it is none.
    """
    if not file.is_file():
        raise TrmbenchError(f"there is no file {file}", "`trmbench export` writes one")
    if file.suffix == SUFFIXES["onnx"]:
        return OnnxProgram(file, threads)
    if file.suffix == SUFFIXES["torch"]:
        return TorchProgram(file)
    raise TrmbenchError(f"{file} is no program", "use a file of `trmbench export`: .onnx or .pt2")


def by_program(model: SavedModel, file: Path | None) -> SavedModel:
    """Have an exported program answer for a trial.

    Args:
        model: the trial, on the CPU.
        file: the program; None = an ONNX model that is made for it now.

    Raises:
        TrmbenchError: several trials are to answer, or the program is another trial's.
    """
    if len(model.parts) > 1:
        raise TrmbenchError("a program answers for one trial", "leave out --all-seeds")
    [parts] = model.parts
    if file is None:
        with tempfile.TemporaryDirectory(prefix="trmbench-") as folder:
            made = export(parts, "onnx", Path(folder) / "whole.onnx")
            program: OnnxProgram | TorchProgram = load_program(made.whole, made.threads)
    else:
        program = load_program(file, parts.train.threads)
        if program.metadata.get("trial_id") != parts.trial.trial_id:
            raise TrmbenchError(
                f"{file} is not of trial {parts.trial.trial_id}",
                f"it says: trial {program.metadata.get('trial_id', 'unknown')}",
            )
    return SavedModel(model.parts, [ProgramSolver(program)])


def _answer(program: Program, table: PuzzleTable) -> None:
    program(table.inputs.astype(np.int64), table.puzzle_identifiers.astype(np.int64))


def _seconds(action: Callable[[], object], threads: int) -> float:
    """The median time of an action, once it has been done before.

    Of one thread it is processor time: what else the machine is doing does not count.
    """
    clock, times = time.process_time if threads == 1 else time.perf_counter, []
    for _ in range(_TIMED + 1):
        started = clock()
        action()
        times.append(clock() - started)
    return median(times[1:])


def _require_equal(parts: TrialParts, ours: RecursiveSolver, theirs: ProgramSolver) -> int:
    """Compare the answers to test puzzles; returns to how many.

    Raises:
        TrmbenchError: some differ.
    """
    table = parts.task.split("test").select(slice(CHECKED))
    told = (table, parts.evaluation.batch_size, parts.streams, parts.device)
    given, wanted = (predict(solver, *told, by_step=False) for solver in (theirs, ours))
    differ = int((given.tokens != wanted.tokens).any(axis=1).sum())
    if differ:
        raise TrmbenchError(
            f"the exported model gives other answers to {differ} of {len(table)} test puzzles",
            "its numbers are rounded differently; nothing was written",
        )
    return len(table)
