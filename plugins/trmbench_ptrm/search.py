"""Stochastic test-time search: "Probabilistic Tiny Recursive Model", arXiv 2605.19943.

Deterministic recursion can settle on a wrong answer for good. Noise in the latent lets several
trajectories settle elsewhere, and the halting head, trained to recognise right answers, chooses.
"""

from __future__ import annotations

from typing import Literal

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

State = tuple[Tensor, ...]


class StochasticSearch:
    """One of the answers of K noisy rollouts: the surest, or the most frequent.

    Without noise it is the base itself. Rollouts run one after the other; besides the base's
    memory the search needs their answers, S K B L bytes.

    Args:
        base: the trained model, in evaluation mode.
        rollouts: K.
        noise: sigma.
        steps: S, supervision steps, or None for the base's own.
        precision: of the state and so of the computation, as the base was trained.
        select: "best" by halting logit, or the "mode" of the answers.
    """

    def __init__(
        self,
        base: RecursiveModel,
        rollouts: int,
        noise: float,
        steps: int | None,
        precision: str = "float32",
        select: Literal["best", "mode"] = "best",
    ) -> None:
        self.base = base
        self.rollouts = rollouts
        self.noise = noise
        self.steps = steps or base.max_steps
        self.dtype: torch.dtype = getattr(torch, precision)
        self.select = select

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The chosen answer (B, L) after the last step, and after each; and all candidates.

        A candidate's score is its halting logit, by which "best" chooses.

        Raises:
            TrmbenchError: the base does not say how sure it is.
        """
        rollouts = [self._rollout(batch, generator) for _ in range(self.rollouts)]
        tokens, logits = (torch.stack(parts, dim=1) for parts in zip(*rollouts, strict=True))
        chosen = choose(logits, self._votes(tokens))
        by_step = tokens.take_along_dim(chosen[:, None, :, None], 1)[:, 0].long()
        confidence = logits[-1].take_along_dim(chosen[-1][None], 0)[0].sigmoid()
        # A confidence of 0 or 1 has no finite logit; one that is no number is refused above.
        largest = torch.finfo(torch.float32).max
        scores = logits[-1].nan_to_num(torch.nan, largest, -largest).T
        return Answers(
            by_step[-1],
            confidence,
            by_step,
            candidates=tokens[-1].transpose(0, 1),
            candidate_scores=scores,
        )

    def _rollout(self, batch: Batch, generator: Generator) -> tuple[Tensor, Tensor]:
        """One trajectory's answers (S, B, L) uint8 and halting logits (S, B) float32."""
        work = SupervisionSteps(self.base, batch.inputs, batch.puzzle_identifiers, self.dtype)
        tokens, logits = [], []
        for _ in range(self.steps):
            work.state = self.disturbed(work.state, generator)
            output = next(work)
            tokens.append(output.logits.argmax(-1).to(torch.uint8))
            logits.append(_halting_logits(output))
        return torch.stack(tokens), torch.stack(logits)

    def _votes(self, tokens: Tensor) -> Tensor:
        """How many of the K answers of a step (S, K, B, L) equal each: (S, K, B); 0 for "best"."""
        if self.select == "best":
            return tokens.new_zeros(tokens.shape[:-1])
        return torch.stack(
            [
                torch.stack([(answers == one).all(-1).sum(0) for one in answers])
                for answers in tokens
            ]
        )

    def disturbed(self, state: State, generator: Generator) -> State:
        """Noise in the latents z; y stays, unless it is the only feature there is."""
        answer, latents = (state[:1], state[1:]) if len(state) > 1 else ((), state)
        return (*answer, *(z + self.noise * _normal_like(z, generator) for z in latents))


def choose(logits: Tensor, votes: Tensor) -> Tensor:
    """Pick the rollout with the most votes, of equals the one with the highest halting logit.

    Logits are compared, not probabilities: in float32 these are 1 from a logit of 17 on. A logit
    that is not a number wins, so that the harness sees and refuses it.

    Args:
        logits: (S, K, B).
        votes: (S, K, B).

    Returns:
        (S, B) int64; of equal logits the first.
    """
    eligible = (votes == votes.amax(1, keepdim=True)) | logits.isnan()
    return logits.where(eligible, -torch.inf).argmax(1)


def _halting_logits(output: StepOutput) -> Tensor:
    """(B,) float32, whose sigmoid is the confidence in the answer."""
    if output.confidence is not None:
        return output.confidence.float().logit()
    if output.halt_logits is None:
        raise TrmbenchError("the base of ptrm has no halting head", "use another one")
    return output.halt_logits.float()


def _normal_like(z: Tensor, generator: Generator) -> Tensor:
    return torch.randn(z.shape, generator=generator, device=z.device, dtype=z.dtype)
