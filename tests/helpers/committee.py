"""A plugin whose solver stands on several trained models, and answers as the first does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trmbench import Answers, BaseCell, Batch, Context, ModelSpec, SupervisionSteps, hookimpl
from trmbench.testing.toy_options import ToyModelOptions


@dataclass(frozen=True)
class Options:
    """What it stands on: as many trainings of the toy model, or those that are listed."""

    members: int = 2
    seeds: str = ""
    trials: str = ""
    wider: bool = False
    """Whether a wider toy model of the trial's own seed is one more of them."""


class Committee:
    """Has every member answer."""

    def __init__(self, bases: Sequence[Any]) -> None:
        self.bases = bases

    @torch.inference_mode()
    def predict(self, batch: Batch, generator: torch.Generator) -> Answers:
        """The candidates are all answers, in the order of the bases."""
        outputs = []
        for base in self.bases:
            work = SupervisionSteps(base, batch.inputs, batch.puzzle_identifiers, torch.float32)
            outputs.append([next(work) for _ in range(base.max_steps)][-1])
        answers = torch.stack([output.logits.argmax(-1) for output in outputs], 1)
        return Answers(answers[:, 0], outputs[0].halt_logits.sigmoid(), candidates=answers)


def bases(options: Options) -> Sequence[BaseCell]:
    """Name what the committee stands on."""
    if options.trials:
        return [BaseCell("toy-recursive", trial=each) for each in options.trials.split(",")]
    listed = tuple(int(each) for each in options.seeds.split(",") if each)
    members = BaseCell("toy-recursive", seeds=listed or options.members)
    wider = BaseCell("toy-recursive", overrides={"model.width": ToyModelOptions.width + 1})
    return [members, wider] if options.wider else [members]


def build(options: Options, info: Any, context: Context) -> Committee:
    """Take the bases that the harness trained."""
    return Committee(context.bases)


SPEC = ModelSpec("committee", "A committee", {}, build, base=bases, options=Options)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [SPEC]
