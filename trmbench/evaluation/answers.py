"""Testing: answers of a model to a table of puzzles."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
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
    """

    def __init__(
        self,
        model: RecursiveModel,
        steps: int | None,
        dtype: torch.dtype,
        seed: int = 0,
        schedule: Mapping[str, int] | None = None,
    ) -> None:
        self.model = model
        self.steps = steps or model.max_steps
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
        """The answer after the last step, and after each."""
        by_step = []
        for output in islice(self.begin(batch), self.steps):
            by_step.append(output.logits.argmax(-1))
        return Answers(by_step[-1], confidence_of(output), torch.stack(by_step))


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
        by_step: keep the answers after each step, and the candidates; they take S and K times the
            memory of the final ones.

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
            answers = dataclasses.replace(answers, tokens_by_step=None, candidates=None)
        parts.append(_checked(answers, inputs.shape, start))
        on_progress(rows.stop)
    by_steps = [part.tokens_by_step for part in parts if part.tokens_by_step is not None]
    used = [part.steps for part in parts if part.steps is not None]
    candidates = [part.candidates for part in parts if part.candidates is not None]
    return Predictions(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate(by_steps, axis=1) if len(by_steps) == len(parts) else None,
        np.concatenate(used) if len(used) == len(parts) else None,
        np.concatenate(candidates) if len(candidates) == len(parts) else None,
    )


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
        answers.tokens.to(torch.uint8).cpu().numpy(),
        confidence,
        None if by_step is None else by_step.to(torch.uint8).cpu().numpy(),
        None if answers.steps is None else answers.steps.cpu().numpy(),
        None if candidates is None else candidates.to(torch.uint8).cpu().numpy(),
    )
