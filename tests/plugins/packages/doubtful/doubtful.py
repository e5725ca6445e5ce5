"""Noisy rollouts of a trained model: candidates with scores, the cost of each, and doubts."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import Answers, BaseCell, ModelSpec, hookimpl, setting


@dataclass(frozen=True)
class Options:
    base: str = "trm"
    rollouts: int = setting(4, at_least=1)
    noise: float = setting(0.3, at_least=0)
    doubt: float = setting(0.5, at_least=0, at_most=1)  # less confidence than this: no answer


class Doubtful:
    def __init__(self, base, options, precision):
        self.base, self.options, self.precision = base, options, precision

    def rollout(self, batch, generator):
        import torch

        from trmbench import SupervisionSteps

        puzzles = (batch.inputs, batch.puzzle_identifiers, getattr(torch, self.precision))
        work = SupervisionSteps(self.base, *puzzles)
        for _ in range(self.base.max_steps):
            shapes = [(part, part.shape) for part in work.state]
            drawn = [torch.randn(shape, generator=generator).to(part) for part, shape in shapes]
            pairs = zip(work.state, drawn, strict=True)
            work.state = tuple(part + self.options.noise * noise for part, noise in pairs)
            output = next(work)
        return output.logits.argmax(-1), output.halt_logits.float()

    def predict(self, batch, generator):
        import torch

        with torch.inference_mode():
            found = [self.rollout(batch, generator) for _ in range(self.options.rollouts)]
        candidates, scores = (torch.stack(parts, 1) for parts in zip(*found, strict=True))
        best, rows = scores.argmax(1), torch.arange(len(scores), device=scores.device)
        confidence = scores[rows, best].sigmoid()
        flops = self.base.forward_flops().total * self.base.max_steps * self.options.rollouts
        return Answers(
            candidates[rows, best],
            confidence,
            candidates=candidates,
            candidate_scores=scores,
            cost=torch.full_like(confidence, flops, dtype=torch.float64),
            abstained=confidence < self.options.doubt,
        )


def base(options):
    return BaseCell(options.base)


def build(options, info, context):
    return Doubtful(context.base, options, context.precision)


@hookimpl
def trmbench_models():
    return [ModelSpec("doubtful", "Rollouts and doubts", {}, build, base=base, options=Options)]
