"""Stochastic test-time search: "Probabilistic Tiny Recursive Model", arXiv 2605.19943.

Deterministic recursion can settle on a wrong answer for good. Noise in the latent lets several
trajectories settle elsewhere, and the halting head, trained to recognise right answers, chooses.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from trmbench import Answers, Batch, RecursiveModel, SupervisionSteps, TrmbenchError

State = tuple[Tensor, ...]


class StochasticSearch:
    """Best of K noisy rollouts by halting probability.

    Without noise it is the base itself. Rollouts run one after the other, so the search needs no
    more memory than the base.

    Args:
        base: the trained model, in evaluation mode.
        rollouts: K.
        noise: sigma.
        steps: supervision steps, or None for the base's own.
        precision: of the state and so of the computation, as the base was trained.
    """

    def __init__(
        self,
        base: RecursiveModel,
        rollouts: int,
        noise: float,
        steps: int | None,
        precision: str = "float32",
    ) -> None:
        self.base = base
        self.rollouts = rollouts
        self.noise = noise
        self.steps = steps or base.max_steps
        self.dtype: torch.dtype = getattr(torch, precision)

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """The best answer (B, L) after the last step, and after each.

        Raises:
            TrmbenchError: the base does not say how sure it is.
        """
        best = batch.inputs.new_full((self.steps, len(batch.inputs)), -1.0, dtype=torch.float32)
        tokens = batch.inputs.new_zeros((self.steps, *batch.inputs.shape))
        for _ in range(self.rollouts):
            work = SupervisionSteps(self.base, batch.inputs, batch.puzzle_identifiers, self.dtype)
            for step in range(self.steps):
                work.state = self.disturbed(work.state, generator)
                output = next(work)
                if output.halt_logits is None:
                    raise TrmbenchError("the base of ptrm has no halting head", "use another one")
                confidence = output.halt_logits.float().sigmoid()
                # A logit that is not a number must win, so that the harness sees and refuses it.
                better = ~(confidence <= best[step])
                best[step] = torch.where(better, confidence, best[step])
                tokens[step] = torch.where(better[:, None], output.logits.argmax(-1), tokens[step])
        return Answers(tokens[-1], best[-1], tokens)

    def disturbed(self, state: State, generator: Generator) -> State:
        """Noise in the latents z; y stays, unless it is the only feature there is."""
        answer, latents = (state[:1], state[1:]) if len(state) > 1 else ((), state)
        return (*answer, *(z + self.noise * _normal_like(z, generator) for z in latents))


def _normal_like(z: Tensor, generator: Generator) -> Tensor:
    return torch.randn(z.shape, generator=generator, device=z.device, dtype=z.dtype)
