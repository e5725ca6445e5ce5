"""Breadth: an Equilibrium Reasoner begins several times, and the most settled answer counts.

Shapes: B puzzles, L tokens, V tokens of the vocabulary, K restarts, S supervision steps.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, cast

import torch
from torch import Generator, Tensor

from trmbench import (
    Answers,
    Batch,
    RecursiveModel,
    StepOutput,
    SupervisionSteps,
    TrmbenchError,
)
from trmbench_eqr.model import EqR
from trmbench_eqr.options import BreadthOptions

WINDOW = 3
"""Changes of which a residual is the mean, as in the released evaluation."""
RESTARTS_APART = 2**40
"""More rows than a table has: the draws of each restart are those of other rows."""


class Found(NamedTuple):
    """An answer to each puzzle after a step."""

    tokens: Tensor
    """(B, L) int64."""
    confidence: Tensor
    """(B,) float32 in 0..1, the halting probability."""
    score: Tensor
    """(B,) float32, higher is better."""


class Breadth:
    """The best of K runs of one network from initial states of their own.

    The first run is the network's own test. Runs go one after the other; besides their memory the
    search needs that of S answers and K candidates.

    Args:
        base: the trained network, in evaluation mode.
        options: `model.*`.
        precision: of the state and so of the computation, as the base was trained.
        seed: the trial's seed, from which the initial states and the noise are drawn.

    Raises:
        TrmbenchError: a single step, which has no residual.
    """

    def __init__(self, base: EqR, options: BreadthOptions, precision: str, seed: int) -> None:
        self.network = copy.copy(base)
        self.network.options = dataclasses.replace(base.options, noise_at_test=options.noise)
        self.restarts, self.by = options.restarts, options.select
        self.steps = options.steps or base.max_steps
        self.dtype: torch.dtype = getattr(torch, precision)
        self.seed = seed
        if self.steps < 2:
            raise TrmbenchError("eqr-breadth has no residual at 1 step", "use model.steps=16")

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The best answer (B, L) after the last step, and after each; the candidates (B, K, L).

        A candidate's score is its halting logit, or its residual with a minus.
        """
        candidates, scores = [], []
        best: list[Found] = []
        for restart in range(self.restarts):
            run = list(self._run(batch, restart))
            best = [_better(*pair) for pair in zip(best, run, strict=True)] if best else run
            candidates.append(run[-1].tokens)
            scores.append(run[-1].score)
        by_step = torch.stack([found.tokens for found in best])
        return Answers(
            best[-1].tokens,
            best[-1].confidence,
            by_step,
            candidates=torch.stack(candidates, 1),
            candidate_scores=torch.stack(scores, 1),
        )

    def _run(self, batch: Batch, restart: int) -> Iterator[Found]:
        """Yield what one run answers after each step."""
        rows = batch.rows + restart * RESTARTS_APART
        puzzles = (batch.inputs, batch.puzzle_identifiers)
        model = cast(RecursiveModel, self.network)  # which also asks for draws
        work = SupervisionSteps(model, *puzzles, self.dtype, rows, self.seed)
        changes: deque[Tensor] = deque(maxlen=WINDOW)
        before: Tensor | None = None
        for output in islice(work, self.steps):
            logits = output.logits.float()
            if before is not None:
                changes.append((logits - before).norm(dim=-1).mean(-1))
            before = logits
            yield _found(output, list(changes) if self.by == "residual" else None)


def _found(output: StepOutput, changes: list[Tensor] | None) -> Found:
    """The answer after a step, with a score by its last changes (B,) or else by halting.

    Before a first change all runs score alike.
    """
    assert output.halt_logits is not None
    halt = output.halt_logits.float()
    score = halt
    if changes is not None:
        score = -torch.stack(changes).mean(0) if changes else torch.zeros_like(halt)
    confidence = torch.where(score.isnan(), math.nan, halt.sigmoid())
    return Found(output.logits.argmax(-1), confidence, score)


def _better(one: Found, other: Found) -> Found:
    """The one with the higher score, puzzle by puzzle, the first of equals.

    A score that is not a number wins, so that the harness sees and refuses it.
    """
    chosen = (other.score > one.score) | other.score.isnan()
    tokens = torch.where(chosen[:, None], other.tokens, one.tokens)
    rest = (torch.where(chosen, new, old) for old, new in zip(one[1:], other[1:], strict=True))
    return Found(tokens, *rest)
