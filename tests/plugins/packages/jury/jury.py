"""Several trained models vote: seeds of one model, another model, stored or imported weights."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import Answers, BaseCell, ModelSpec, hookimpl, setting


@dataclass(frozen=True)
class Options:
    base: str = "trm"
    seeds: int = setting(2, at_least=1)
    other: str | None = "direct"
    trial: str | None = None  # of `base`, such as imported weights


def bases(options):
    found = [BaseCell(options.base, seeds=options.seeds)]
    if options.other is not None:
        found.append(BaseCell(options.other))
    if options.trial is not None:
        found.append(BaseCell(options.base, trial=options.trial))
    return found


class Jury:
    def __init__(self, members, precision):
        self.members, self.precision = members, precision

    def predict(self, batch, generator):
        import torch

        from trmbench import SupervisionSteps

        puzzles = (batch.inputs, batch.puzzle_identifiers, getattr(torch, self.precision))
        with torch.inference_mode():
            works = [(SupervisionSteps(each, *puzzles), each.max_steps) for each in self.members]
            outputs = [[next(work) for _ in range(steps)][-1] for work, steps in works]
        votes = torch.stack([output.logits.argmax(-1) for output in outputs], 1)
        agree = (votes[:, :, None] == votes[:, None]).all(-1).sum(-1)
        best = agree.argmax(1)
        rows = torch.arange(len(votes), device=votes.device)
        share = agree[rows, best] / len(self.members)
        return Answers(votes[rows, best], share, candidates=votes, candidate_scores=agree.float())


def build(options, info, context):
    return Jury(context.bases, context.precision)


@hookimpl
def trmbench_models():
    return [ModelSpec("jury", "Trained models vote", {}, build, base=bases, options=Options)]
