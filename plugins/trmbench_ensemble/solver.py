"""The first member to halt answers: "Speed is Confidence", arXiv 2601.19085.

Members that were trained apart fail on different puzzles, and who is soon sure is mostly right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from trmbench import Answers, Batch, RecursiveModel, StepOutput, SupervisionSteps, TrmbenchError


class Said(NamedTuple):
    """What K members say of B puzzles after a step."""

    tokens: Tensor
    """(B, K, L) int64 answers."""
    scores: Tensor
    """(B, K) float32; a member halts where its score is positive."""
    confidence: Tensor
    """(B, K) float32 in 0..1 that the answer is right."""


class HaltFirst:
    """Has the members take supervision steps side by side until one of them halts.

    Of several that halt at the same step the surest is trusted, and so it is where none has halted
    after the last step.

    Args:
        members: K trained models, in evaluation mode.
        steps: supervision steps at most, or None for the members' own.
        precision: of the state and so of the computation, as the members were trained.
        seed: the trial's, for members that draw random numbers.
    """

    def __init__(
        self,
        members: Sequence[RecursiveModel],
        steps: int | None,
        precision: str = "float32",
        seed: int = 0,
    ) -> None:
        self.members = members
        self.steps = steps or max(member.max_steps for member in members)
        self.dtype: torch.dtype = getattr(torch, precision)
        self.first_seed = seed * len(members)

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The trusted answer (B, L), by step as well, and the members' (B, K, L) when it was given.

        `steps` counts those of all members.

        Raises:
            TrmbenchError: a member does not say how sure it is.
        """
        size, each = len(batch.inputs), len(self.members)
        working = [self._begin(batch, place) for place in range(each)]
        inputs = batch.inputs
        rows = torch.arange(size, device=inputs.device)  # of the puzzles still in work
        said = Said(
            inputs[:, None].repeat(1, each, 1),
            torch.zeros(size, each, device=inputs.device),
            torch.zeros(size, each, device=inputs.device),
        )
        used = torch.zeros_like(rows)
        by_step = []
        for _ in range(self.steps):
            if len(rows):
                now = _said([next(work) for work in working], self.members)
                said = Said(
                    *(old.index_copy(0, rows, new) for old, new in zip(said, now, strict=True))
                )
                used = used.index_add(0, rows, torch.full_like(rows, each))
                going = (now.scores.amax(1) <= 0).nonzero().squeeze(1)
                for work in working:
                    work.keep(going)
                rows = rows[going]
            by_step.append(_of(said.tokens, said.scores.argmax(1)))
        return Answers(
            by_step[-1],
            _of(said.confidence, said.scores.argmax(1)),
            torch.stack(by_step),
            steps=used,
            candidates=said.tokens,
            candidate_scores=said.scores,
        )

    def _begin(self, batch: Batch, place: int) -> SupervisionSteps:
        puzzles = (batch.inputs, batch.puzzle_identifiers)
        seed = self.first_seed + place
        return SupervisionSteps(self.members[place], *puzzles, self.dtype, batch.rows, seed)


def _of(parts: Tensor, members: Tensor) -> Tensor:
    """One member's part (B, ...) of what all say (B, K, ...), by the members' places (B,)."""
    return parts[torch.arange(len(parts), device=parts.device), members]


def _said(outputs: Sequence[StepOutput], members: Sequence[RecursiveModel]) -> Said:
    scores, confidences = [], []
    for output, member in zip(outputs, members, strict=True):
        score, confidence = _halting(output, bool(getattr(member, "needs_continue_target", False)))
        scores.append(score)
        confidences.append(confidence)
    tokens = torch.stack([output.logits.argmax(-1) for output in outputs], 1)
    return Said(tokens, torch.stack(scores, 1), torch.stack(confidences, 1))


def _halting(output: StepOutput, compares: bool) -> tuple[Tensor, Tensor]:
    """The score (B,), positive where the model halts, and the confidence (B,), float32 each.

    Args:
        output: a step of the model.
        compares: whether it halts where its halting logit exceeds the one of going on (HRM).
    """
    if output.confidence is not None:  # 0 and 1 have no finite logit
        confidence = output.confidence.float()
        return confidence.logit(eps=1e-7), confidence
    if output.halt_logits is None:
        raise TrmbenchError("the base of the ensemble has no halting head", "use another one")
    halt = output.halt_logits.float()
    go_on = output.continue_logits if compares else None
    return halt if go_on is None else halt - go_on.float(), halt.sigmoid()
