"""Testing: answers of a model to a table of puzzles."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from itertools import islice

import torch
from torch import Generator, Tensor

from trmbench.evaluation.predictions import as_predictions, joined
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
from trmbench.spec.models import Forward
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
        forward: the compiled forward pass, which is given batches of one size: a smaller batch is
            filled up with its last puzzle. None = the model's own, and batches as they are.
    """

    def __init__(
        self,
        model: RecursiveModel,
        steps: int | None,
        dtype: torch.dtype,
        seed: int = 0,
        schedule: Mapping[str, int] | None = None,
        depth: int | None = None,
        forward: Forward | None = None,
    ) -> None:
        self.model = model
        self.steps = steps or model.max_steps
        self.depths = curve_depths(self.steps, depth)
        self.dtype = dtype
        self._seed = seed
        self._schedule = schedule or {}
        self._forward = forward
        self._largest = 0
        """Puzzles of the largest batch so far."""

    def begin(self, batch: Batch) -> SupervisionSteps:
        """The supervision steps of a batch."""
        puzzles = (batch.inputs, batch.puzzle_identifiers)
        return SupervisionSteps(
            self.model,
            *puzzles,
            self.dtype,
            batch.rows,
            self._seed,
            self._schedule,
            self._forward,
        )

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The answer after the last step, after each up to it, and at each depth of the curve."""
        by_step: list[Tensor] = []
        by_depth: dict[int, Answers] = {}
        count = len(batch.rows)
        work = self.begin(batch if self._forward is None else self._filled(batch))
        for number, output in enumerate(islice(work, self.depths[-1]), 1):
            answers = output.logits[:count].argmax(-1)
            if number <= self.steps:
                by_step.append(answers)
            if number in self.depths:
                by_depth[number] = Answers(answers, confidence_of(output)[:count])
        return with_curve(by_depth, self.steps, by_step)

    def _filled(self, batch: Batch) -> Batch:
        """Repeat the last puzzle until the batch is as large as the largest one so far."""
        self._largest = max(self._largest, len(batch.rows))
        places = torch.arange(self._largest, device=batch.rows.device)
        places = places.clamp(max=len(batch.rows) - 1)
        return Batch(*(tensor[places] for tensor in batch))


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
        TrmbenchError: answers that break their contract, such as ones of the wrong shape.
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
                answers,
                tokens_by_step=None,
                candidates=None,
                candidate_scores=None,
                by_depth=None,
            )
        parts.append(as_predictions(answers, inputs.shape, start))
        on_progress(rows.stop)
    return joined(parts)
