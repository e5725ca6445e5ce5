"""Adaptation at test: the answer head of a copy of the base learns a puzzle's demonstrations."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from trmbench import Answers, BaseCell, Batch, ModelSpec, hookimpl, setting


@dataclass(frozen=True)
class Options:
    base: str = "trm"
    passes: int = setting(3, at_least=0)
    rate: float = setting(1e-2, above=0)


class Tutor:
    def __init__(self, base, options, context):
        self.base, self.options, self.context = base, options, context

    def answer(self, model, batch):
        import torch

        from trmbench import SupervisionSteps

        dtype = getattr(torch, self.context.precision)
        puzzles = (batch.inputs, batch.puzzle_identifiers, dtype, batch.rows)
        work = SupervisionSteps(model, *puzzles, seed=self.context.seed)
        return [next(work) for _ in range(model.max_steps)][-1]

    def taught(self, examples):
        import torch

        from trmbench.training.losses import supervision_loss

        model = copy.deepcopy(self.base)
        model.requires_grad_(False)
        model.answer_head.requires_grad_(True)
        optimizer = torch.optim.SGD(model.answer_head.parameters(), self.options.rate)
        for _ in range(self.options.passes if len(examples.inputs) else 0):
            loss = supervision_loss(self.answer(model, examples), examples.labels).answer
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return model

    def predict(self, batch, generator, demonstrations):
        import torch

        found = []
        for place, examples in enumerate(demonstrations):
            one = Batch(*(part[place : place + 1] for part in batch))
            found.append(self.answer(self.taught(examples), one))
        logits = torch.cat([output.logits for output in found]).detach()
        confidence = torch.cat([output.halt_logits for output in found]).detach().float().sigmoid()
        examples = torch.tensor([len(each.inputs) for each in demonstrations])
        steps = (1 + self.options.passes * examples) * self.base.max_steps
        return Answers(logits.argmax(-1), confidence, steps=steps.to(logits.device))


def base(options):
    return BaseCell(options.base)


def build(options, info, context):
    return Tutor(context.base, options, context)


@hookimpl
def trmbench_models():
    return [ModelSpec("tutor", "Learns at test", {}, build, base=base, options=Options)]
