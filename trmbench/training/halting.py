"""Halting: which slots are done with their puzzle, and what their answers came to."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from trmbench.spec import IGNORED_LABEL, RecursiveModel, StepOutput
from trmbench.spec.models import capabilities
from trmbench.spec.settings import TrainSettings
from trmbench.streams import Streams
from trmbench.training.workers import ONE_WORKER, Workers


class HaltingRule(NamedTuple):
    """What a model and the settings say about halting, in plain values, to be compiled once."""

    max_steps: int
    """N_sup."""
    hears_model: bool
    """Whether a puzzle may halt before N_sup."""
    at_random: bool
    """Whether only chance decides that (SE-RRM)."""
    over_continue: bool
    """Whether the halting logit must be above the continue logit (HRM), instead of above 0."""

    @property
    def draws(self) -> bool:
        """Whether random numbers take part."""
        return self.hears_model and self.max_steps > 1


def halts(
    rule: HaltingRule, done: Tensor, output: StepOutput, random: tuple[Tensor, Tensor] | None
) -> Tensor:
    """(B,) bool: whether each slot halts.

    Args:
        rule: what halts a puzzle.
        done: (B,) int64 supervision steps done, this one included.
        output: what the model said.
        random: `Halting.draw`; None = only N_sup counts.
    """
    at_limit = done >= rule.max_steps
    if random is None:
        return at_limit
    chosen, earliest = random
    if rule.at_random:
        return at_limit | chosen
    if output.halt_logits is None:
        return at_limit
    threshold: Tensor | float = 0.0
    if rule.over_continue and output.continue_logits is not None:
        threshold = output.continue_logits
    early = output.halt_logits > threshold
    return at_limit | (early & (done >= torch.where(chosen, earliest, 0)))


class Halting:
    """Decides which slots are done with their puzzle.

    A puzzle halts at N_sup steps, or earlier when the model says it is solved: where its halting
    logit is positive (TRM), or above its continue logit (a model with a continue head, HRM). For a
    random share of the puzzles (`halt_exploration`) an early halt is not heard before a random
    step in 2..N_sup. Where the model `halts_at_random` (SE-RRM), that share halts at every step.
    """

    def __init__(
        self,
        model: RecursiveModel,
        settings: TrainSettings,
        streams: Streams,
        workers: Workers = ONE_WORKER,
    ) -> None:
        said = capabilities(model)
        self.rule = HaltingRule(
            model.max_steps, settings.halting, said.halts_at_random, said.needs_continue_target
        )
        self._workers = workers
        self._exploration = settings.halt_exploration
        self._streams = streams

    def __call__(self, step: int, done: Tensor, output: StepOutput) -> Tensor:
        """(B,) bool: whether each slot halts.

        Args:
            step: the training step (0-based), which picks the random numbers.
            done: (B,) int64 supervision steps done, this one included.
            output: what the model said.
        """
        return halts(self.rule, done, output, self.draw(step, done))

    def draw(self, step: int, done: Tensor) -> tuple[Tensor, Tensor] | None:
        """(B,) bool: the random share of the slots; (B,) int64: a random step in 2..N_sup.

        Drawn for all workers; None where nothing is random.

        Args:
            step: the training step (0-based), which picks the random numbers.
            done: (B,) int64, of the slots.
        """
        if not self.rule.draws:
            return None
        device, whole = done.device, (self._workers.size * len(done),)
        generator = self._streams.torch("halting", step)
        random = torch.rand(whole, generator=generator, device=device)
        last = self.rule.max_steps + 1
        steps = torch.randint(2, last, whole, generator=generator, device=device)
        share = self._workers.share(len(random))
        return (random < self._exploration)[share], steps[share]


def tally(
    rule: HaltingRule,
    labels: Tensor,
    done: Tensor,
    output: StepOutput,
    random: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Which slots halt (B,) bool, and sums () over those: how many, right ones, cells, steps.

    Args:
        rule: what halts a puzzle.
        labels: (B, L) int64.
        done: (B,) int64 supervision steps done, this one included.
        output: what the model said.
        random: `Halting.draw`.
    """
    halted = halts(rule, done, output, random)
    exact, cells = correct(output.logits, labels)
    return halted, {
        "halted": halted.sum(),
        "exact": (exact & halted).sum(),
        "cells": torch.where(halted, cells, 0).sum(),
        "supervision_steps": torch.where(halted, done, 0).sum(),
    }


def correct(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Per puzzle: whether the answer is exactly right (B,) bool, share of right cells (B,)."""
    scored = labels != IGNORED_LABEL
    right = scored & (logits.argmax(-1) == labels)
    count = scored.sum(-1)
    return right.sum(-1) == count, right.sum(-1) / count.clamp_min(1)
