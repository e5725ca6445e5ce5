"""Testing: answers of a model to a table of puzzles."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Generator, Tensor

from trmbench.errors import TrmbenchError
from trmbench.evaluation.steps import SupervisionSteps
from trmbench.spec import (
    Answers,
    Batch,
    Predictions,
    PuzzleTable,
    RecursiveModel,
    Solver,
    StepOutput,
)
from trmbench.streams import Streams


class RecursiveSolver:
    """A trained recursive model as a solver: always all supervision steps, for every puzzle.

    Args:
        model: the model.
        steps: supervision steps; None = the model's own N_sup.
        dtype: type of the state and so of the computation.
        seed: the trial's seed, from which a model's random numbers come.
        schedule: whole numbers for a model that has a schedule.
        depth: supervision steps at which the depth curve ends; None = at `steps`.
    """

    def __init__(
        self,
        model: RecursiveModel,
        steps: int | None,
        dtype: torch.dtype,
        seed: int = 0,
        schedule: Mapping[str, int] | None = None,
        depth: int | None = None,
    ) -> None:
        self.model = model
        self.steps = steps or model.max_steps
        self.depths = curve_depths(self.steps, depth)
        self.dtype = dtype
        self._seed = seed
        self._schedule = schedule or {}

    def begin(self, batch: Batch) -> SupervisionSteps:
        """The supervision steps of a batch."""
        puzzles = (batch.inputs, batch.puzzle_identifiers)
        return SupervisionSteps(
            self.model, *puzzles, self.dtype, batch.rows, self._seed, self._schedule
        )

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The answer after the last step, after each up to it, and at each depth of the curve."""
        by_step: list[Tensor] = []
        by_depth: dict[int, Answers] = {}
        for number, output in enumerate(islice(self.begin(batch), self.depths[-1]), 1):
            if number <= self.steps:
                by_step.append(output.logits.argmax(-1))
            if number in self.depths:
                by_depth[number] = Answers(output.logits.argmax(-1), confidence_of(output))
        return with_curve(by_depth, self.steps, by_step)


def curve_depths(steps: int, depth: int | None = None) -> tuple[int, ...]:
    """List the depths of a curve: 1, 2, 4, ..., the steps of the answer that counts, and the last.

    Args:
        steps: supervision steps of the answer that counts.
        depth: those of the last point; None, and fewer, end the curve at `steps`.
    """
    last = max(steps, depth or 0)
    doubled = {2**power for power in range(last.bit_length())}
    return tuple(sorted(doubled | {steps, last}))


def with_curve(by_depth: Mapping[int, Answers], steps: int, by_step: list[Tensor]) -> Answers:
    """The answers after `steps` supervision steps, with the others; one point is no curve."""
    return dataclasses.replace(
        by_depth[steps],
        tokens_by_step=torch.stack(by_step),
        by_depth=by_depth if len(by_depth) > 1 else None,
    )


def confidence_of(output: StepOutput) -> Tensor:
    """(B,) float32: the model's own, or halting probability, or mean probability of the tokens.

    NaN where the logits are no numbers.
    """
    if output.confidence is not None:
        confidence = output.confidence.float()
    elif output.halt_logits is None:
        confidence = output.logits.float().softmax(-1).amax(-1).mean(-1)
    else:
        confidence = output.halt_logits.float().sigmoid()
    return torch.where(output.logits.isfinite().all(-1).all(-1), confidence, math.nan)


def predict(
    solver: Solver,
    table: PuzzleTable,
    batch_size: int,
    streams: Streams,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
    by_step: bool = True,
) -> Predictions:
    """Answers to every puzzle of a table.

    Args:
        solver: who answers; it never sees the labels.
        table: the puzzles.
        batch_size: puzzles at a time.
        streams: random streams of the trial; each batch has its own draw of "solver".
        device: where the batches are put.
        on_progress: gets the number of puzzles answered.
        by_step: keep the answers after each step, the candidates and the depth curve; they take
            many times the memory of the final ones.

    Raises:
        TrmbenchError: an answer of the wrong shape, or one whose confidence is not a number.
    """
    parts = []
    for start in range(0, len(table), batch_size):
        rows = slice(start, min(start + batch_size, len(table)))
        inputs = torch.from_numpy(table.inputs[rows]).to(device).long()
        batch = Batch(
            inputs,
            torch.zeros_like(inputs),
            torch.from_numpy(table.puzzle_identifiers[rows]).to(device).long(),
            torch.arange(rows.start, rows.stop, device=device),
        )
        answers = solver.predict(batch, streams.torch("solver", start // batch_size))
        if not by_step:
            answers = dataclasses.replace(
                answers, tokens_by_step=None, candidates=None, by_depth=None
            )
        parts.append(_checked(answers, inputs.shape, start))
        on_progress(rows.stop)
    return _joined(parts)


def _joined(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several batches, one after the other."""
    curves = [part.by_depth for part in parts if part.by_depth is not None]
    return Predictions(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        _joined_arrays([part.tokens_by_step for part in parts], axis=1),
        _joined_arrays([part.steps for part in parts]),
        _joined_arrays([part.candidates for part in parts]),
        cost=_joined_arrays([part.cost for part in parts]),
        by_depth={depth: _joined([each[depth] for each in curves]) for depth in curves[0]}
        if len(curves) == len(parts)
        else None,
    )


def _joined_arrays(arrays: Sequence[np.ndarray | None], axis: int = 0) -> np.ndarray | None:
    """One array of all; None unless every batch has one."""
    there = [array for array in arrays if array is not None]
    return np.concatenate(there, axis=axis) if len(there) == len(arrays) else None


def _checked(answers: Answers, shape: torch.Size, start: int) -> Predictions:
    if answers.tokens.shape != shape:
        raise TrmbenchError(
            f"the model answered with shape {tuple(answers.tokens.shape)}, not {tuple(shape)}",
            "tokens must be (B, L), the answer itself, not logits",
        )
    confidence = answers.confidence.float().cpu().numpy()
    if not np.isfinite(confidence).all():
        row = start + int(np.flatnonzero(~np.isfinite(confidence))[0])
        raise TrmbenchError(f"the model's output for test puzzle {row} is not a number (NaN)")
    by_step, candidates = answers.tokens_by_step, answers.candidates
    if candidates is not None and candidates[:, 0].shape != shape:
        raise TrmbenchError(
            f"the model's candidates have shape {tuple(candidates.shape)}",
            f"candidates must be (B, K, L), here with B and L of {tuple(shape)}",
        )
    return Predictions(
        _tokens(answers.tokens),
        confidence,
        None if by_step is None else _tokens(by_step),
        None if answers.steps is None else answers.steps.cpu().numpy(),
        None if candidates is None else _tokens(candidates),
        cost=None if answers.cost is None else answers.cost.double().cpu().numpy(),
        by_depth=_at_depths(answers.by_depth),
    )


def _at_depths(by_depth: Mapping[int, Answers] | None) -> dict[int, Predictions] | None:
    """The points of a curve; a confidence that is no number is left to stand: it counts there only.

    A model that was trained at 16 steps may well diverge at 64.
    """
    if by_depth is None:
        return None
    return {
        depth: Predictions(
            _tokens(answers.tokens),
            answers.confidence.float().cpu().numpy(),
            steps=None if answers.steps is None else answers.steps.cpu().numpy(),
        )
        for depth, answers in by_depth.items()
    }


def _tokens(tokens: Tensor) -> np.ndarray:
    array: np.ndarray = tokens.to(torch.uint8).cpu().numpy()
    return array
