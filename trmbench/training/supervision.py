"""Deep supervision with halting: what happens between two weight updates.

Every slot of the batch works on one puzzle over up to N_sup supervision steps, carrying its state
along; when its puzzle halts, the slot takes its puzzle of the current batch (TRM, arXiv 2510.04871
section 4; HRM, arXiv 2506.21734 section 2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from trmbench.spec import IGNORED_LABEL, Batch, RecursiveModel, StepOutput
from trmbench.spec.settings import TrainSettings
from trmbench.streams import Streams
from trmbench.training.workers import SingleWorker


class Slots(NamedTuple):
    """The puzzles in work, one per slot."""

    batch: Batch
    state: tuple[Tensor, ...]
    steps: Tensor
    """(B,) int64 supervision steps done on the puzzle."""
    halted: Tensor
    """(B,) bool: the slot takes a new puzzle next."""


def initial_slots(batch: Batch, state: tuple[Tensor, ...]) -> Slots:
    """Slots that all take a new puzzle at the first step."""
    steps = torch.zeros_like(batch.rows)
    return Slots(batch, state, steps, torch.ones_like(steps, dtype=torch.bool))


def refill(slots: Slots, fresh: Batch, initial_state: tuple[Tensor, ...]) -> Slots:
    """Give the slots that have halted their puzzle of the fresh batch and the initial state."""

    def choose(new: Tensor, old: Tensor) -> Tensor:
        halted = slots.halted.view(-1, *[1] * (old.dim() - 1))
        return torch.where(halted, new, old)

    return Slots(
        Batch(*map(choose, fresh, slots.batch)),
        tuple(map(choose, initial_state, slots.state)),
        choose(torch.zeros_like(slots.steps), slots.steps),
        slots.halted,
    )


class Halting:
    """Decides which slots are done with their puzzle.

    A puzzle halts at N_sup steps, or earlier when the model says it is solved: where its halting
    logit is positive (TRM), or above its continue logit (a model with a continue head, HRM). For a
    random share of the puzzles (`halt_exploration`) an early halt is not heard before a random
    step in 2..N_sup.
    """

    def __init__(
        self,
        model: RecursiveModel,
        settings: TrainSettings,
        streams: Streams,
        workers: SingleWorker | None = None,
    ) -> None:
        self._workers = workers or SingleWorker()
        self._max_steps = model.max_steps
        self._against_continue = needs_continue_target(model)
        self._settings = settings
        self._streams = streams

    def __call__(self, step: int, done: Tensor, output: StepOutput) -> Tensor:
        """(B,) bool: whether each slot halts.

        Args:
            step: the training step (0-based), which picks the random numbers.
            done: (B,) int64 supervision steps done, this one included.
            output: what the model said.
        """
        at_limit = done >= self._max_steps
        if not self._settings.halting or self._max_steps == 1 or output.halt_logits is None:
            return at_limit
        threshold: Tensor | float = 0.0
        if self._against_continue and output.continue_logits is not None:
            threshold = output.continue_logits
        early = output.halt_logits > threshold
        earliest = self._earliest(step, len(done), done.device)
        return at_limit | (early & (done >= earliest))

    def _earliest(self, step: int, slots: int, device: torch.device) -> Tensor:
        """(B,) int64: the step before which each slot may not halt, drawn for all workers."""
        whole = (self._workers.size * slots,)
        generator = self._streams.torch("halting", step)
        random = torch.rand(whole, generator=generator, device=device)
        steps = torch.randint(2, self._max_steps + 1, whole, generator=generator, device=device)
        earliest = torch.where(random < self._settings.halt_exploration, steps, 0)
        return earliest[self._workers.share(len(earliest))]


def needs_continue_target(model: Any) -> bool:
    """Whether the model learns the value of going on, by one more forward pass (HRM)."""
    return bool(getattr(model, "needs_continue_target", False))


@torch.no_grad()
def continue_target(
    model: RecursiveModel, output: StepOutput, batch: Batch, is_last: Tensor
) -> Tensor:
    """(B,) target of the continue logit: the value of the next step, bootstrapped.

    sigmoid(max(q_halt', q_continue')) of one more step, or sigmoid(q_halt') at the last one
    (HRM, arXiv 2506.21734, section 2, "Adaptive computational time").
    """
    following = model(output.state, batch.inputs, batch.puzzle_identifiers)  # type: ignore[operator]
    best = torch.maximum(following.halt_logits, following.continue_logits)
    return torch.where(is_last, following.halt_logits, best).sigmoid()


def correct(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Per puzzle: whether the answer is exactly right (B,) bool, share of right cells (B,)."""
    scored = labels != IGNORED_LABEL
    right = scored & (logits.argmax(-1) == labels)
    count = scored.sum(-1)
    return right.sum(-1) == count, right.sum(-1) / count.clamp_min(1)
