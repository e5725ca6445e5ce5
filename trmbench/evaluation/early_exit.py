"""Testing with early exit: puzzles leave the batch before the last supervision step."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from trmbench.evaluation.answers import RecursiveSolver, confidence_of, with_curve
from trmbench.spec import Answers, Batch, RecursiveModel, StepOutput
from trmbench.spec.models import State


class EarlyExitSolver(RecursiveSolver):
    """A trained recursive model that gives settled puzzles no further steps.

    A model is a function of the state, so a puzzle whose state comes out of a step as it went in,
    bit for bit, has its final answer: that is the exit after 0 steady steps. An exit after
    `patience` steady steps (the same answer, and a positive halting logit if there is one) comes
    far more often and is an approximation, since the answer might have changed once more.

    What stays is computed in a smaller batch, which can change the last bits of its numbers.

    Args:
        model: the model.
        steps: supervision steps at most; None = the model's own N_sup.
        dtype: type of the state and so of the computation.
        patience: steady steps after which a puzzle leaves; 0 = once its state no longer changes.
        seed: the trial's seed, from which a model's random numbers come.
        schedule: whole numbers for a model that has a schedule.
        depth: supervision steps at which the depth curve ends; None = at `steps`.
    """

    def __init__(
        self,
        model: RecursiveModel,
        steps: int | None,
        dtype: torch.dtype,
        patience: int,
        seed: int = 0,
        schedule: Mapping[str, int] | None = None,
        depth: int | None = None,
    ) -> None:
        super().__init__(model, steps, dtype, seed, schedule, depth)
        self.patience = patience

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer after each puzzle's last step; the steps left out would answer the same."""
        size, inputs = len(batch.inputs), batch.inputs
        work = self.begin(batch)
        rows = torch.arange(size, device=inputs.device)  # of the puzzles still in work
        steady, used = torch.zeros_like(rows), torch.zeros_like(rows)
        confidence = torch.zeros(size, device=inputs.device)
        by_step: list[Tensor] = []
        by_depth: dict[int, Answers] = {}
        answers = torch.full_like(inputs, -1)  # no answer yet
        for number in range(1, self.depths[-1] + 1):
            if len(rows):
                before = work.state
                output = next(work)
                given = output.logits.argmax(-1)
                is_same = (given == answers[rows]).all(-1)
                steady = torch.where(is_same & _says_solved(output), steady + 1, 0)
                answers = answers.index_copy(0, rows, given)
                confidence = confidence.index_copy(0, rows, confidence_of(output))
                used = used.index_add(0, rows, torch.ones_like(rows))
                settled = steady >= self.patience if self.patience else _same(before, output.state)
                left = (~settled).nonzero().squeeze(1)  # waits for the device, once a step
                work.keep(left)
                steady, rows = steady[left], rows[left]
            if number <= self.steps:
                by_step.append(answers)
            if number in self.depths:
                by_depth[number] = Answers(answers, confidence, steps=used)
        return with_curve(by_depth, self.steps, by_step)


def _same(before: State, after: State) -> Tensor:
    """(B,) bool: whether every part of the state is the same."""
    same = [(a == b).reshape(len(a), -1).all(-1) for a, b in zip(before, after, strict=True)]
    return torch.stack(same).all(0)


def _says_solved(output: StepOutput) -> Tensor:
    """(B,) bool: more confident than not; everywhere without a measure of it."""
    if output.confidence is not None:
        return output.confidence > 0.5
    if output.halt_logits is None:
        return torch.ones_like(output.logits[:, 0, 0], dtype=torch.bool)
    return output.halt_logits > 0
