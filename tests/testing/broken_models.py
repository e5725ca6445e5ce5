"""Models that each break one rule, named after the check that must notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, nn

from trmbench import Answers, Batch, Context, ModelSpec, Preset, StepOutput
from trmbench.spec.models import Step
from trmbench.testing import TOY_MODEL
from trmbench.testing.toy_model import ToyModel
from trmbench.testing.toy_options import ToyModelOptions


class WrongShape(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=output.logits.mT)


class WrongStateShape(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(state=(output.state[0][:, :1],))


class LogitsAsConfidence(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(confidence=output.logits.amax((1, 2)) - 9.0)


class OneLossForAll(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(losses={"size": output.logits.square().mean()})


class NoNumberAsLoss(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(losses={"size": (output.logits[:, 0, 0] - 1e9).log()})


class AnswersWithTheLabels(ToyModel):
    def forward(  # type: ignore[override]
        self, state: Any, inputs: Any, puzzle_identifiers: Any, step: Step
    ) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        hint = nn.functional.one_hot(step.labels, output.logits.shape[-1])  # type: ignore[arg-type]
        return output._replace(logits=output.logits + hint)


class DropoutNextToDraw(ToyModel):
    def forward(  # type: ignore[override]
        self, state: Any, inputs: Any, puzzle_identifiers: Any, step: Step
    ) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=nn.functional.dropout(output.logits))


class KeepsGradient(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        z = state[0] + self.positions(self.embed(inputs).to(state[0].dtype).mT).mT
        z = torch.tanh(z + self.features(z))
        return StepOutput((z,), self.answer(z), self.halt(z.mean(1)).squeeze(-1))


class RandomStart(ToyModel):
    def initial_state(self, batch_size: int) -> tuple[torch.Tensor, ...]:
        return (torch.randn(batch_size, *self.shape),)


class Dropout(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=nn.functional.dropout(output.logits, training=self.training))


class RunningStatistics(ToyModel):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.register_buffer("mean", torch.zeros(self.shape[1]))

    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        self.mean.copy_(output.state[0].mean((0, 1)))
        return output


class Memory(ToyModel):
    memory: Any = 0.0

    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        logits = output.logits + self.memory
        self.memory = output.logits.detach().mean()
        return output._replace(logits=logits)


class BatchMean(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=output.logits - output.logits.mean(0))


class SharedState(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        mixed = (state[0] + state[0].roll(1, 0),)
        return super().forward(mixed, inputs, puzzle_identifiers)


class UnusedParameter(ToyModel):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.forgotten = nn.Linear(2, 2)


class DetachedHead(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(halt_logits=output.halt_logits.detach())


class OnlyFloat32(ToyModel):
    def forward(self, state: Any, inputs: Any, puzzle_identifiers: Any) -> StepOutput:
        output = super().forward(state, inputs, puzzle_identifiers)
        return output._replace(logits=output.logits.float())


class RandomBuild(ToyModel):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        with torch.no_grad():
            self.answer.bias.normal_(generator=_OWN_GENERATOR)


_OWN_GENERATOR = torch.Generator()


class NotAModel:
    """Has no method of either protocol."""


class CopySolver:
    """A solver that works: it answers with the question."""

    def __init__(self, *arguments: Any) -> None:
        self.calls = 0

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        return Answers(batch.inputs, torch.ones(len(batch.inputs)))


class LogitsSolver(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        return Answers(nn.functional.one_hot(batch.inputs), torch.ones(len(batch.inputs)))


class OverconfidentSolver(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        return Answers(batch.inputs, torch.full((len(batch.inputs),), 3.0))


class InPlaceSolver(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        batch.inputs.clamp_(min=2)
        return super().predict(batch, generator)


class UnseededSolver(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        return Answers(torch.randint_like(batch.inputs, 6), torch.ones(len(batch.inputs)))


class RememberingSolver(CopySolver):
    previous: Any = None

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        answer = batch.inputs if self.previous is None else self.previous
        self.previous = batch.inputs
        return Answers(answer, torch.ones(len(batch.inputs)))


class TrainsItsBase(CopySolver):
    """Learns from demonstrations, and does not begin anew with the next puzzle."""

    learned = 0

    def predict(  # type: ignore[override]
        self, batch: Batch, generator: Generator, demonstrations: Sequence[Batch]
    ) -> Answers:
        self.learned += sum(len(each.inputs) for each in demonstrations)
        return Answers((batch.inputs + self.learned) % 6, torch.ones(len(batch.inputs)))


class PeekingSolver(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        return Answers(batch.inputs.roll(1, 0), torch.ones(len(batch.inputs)))


class CandidatesWithoutTheAnswer(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        others = (batch.inputs.roll(1, 1), batch.inputs.roll(2, 1))
        found = super().predict(batch, generator)
        return dataclasses.replace(found, candidates=torch.stack(others, 1))


class CandidatesFirst(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        return dataclasses.replace(found, candidates=batch.inputs.repeat(3, 1, 1))


class NoNumberAsScore(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        scores = torch.full((len(batch.inputs), 1), torch.inf)
        return dataclasses.replace(found, candidates=batch.inputs[:, None], candidate_scores=scores)


class OneScoreForAll(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        scores = torch.zeros(len(batch.inputs))
        return dataclasses.replace(found, candidates=batch.inputs[:, None], candidate_scores=scores)


class CandidateOutsideTheVocabulary(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        candidates = torch.stack([batch.inputs, batch.inputs + 200], 1)
        return dataclasses.replace(found, candidates=candidates)


class AbstainsInParts(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        return dataclasses.replace(found, abstained=batch.inputs > 3)


class AbstainsByNumber(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        return dataclasses.replace(found, abstained=torch.zeros(len(batch.inputs)))


class EarnsOperations(CopySolver):
    def predict(self, batch: Batch, generator: Generator) -> Answers:
        found = super().predict(batch, generator)
        return dataclasses.replace(found, cost=torch.full((len(batch.inputs),), -1.0))


BROKEN: dict[str, tuple[type, ...]] = {
    "protocol": (NotAModel,),
    "seeded-build": (RandomBuild,),
    "confidence": (LogitsAsConfidence,),
    "shapes": (WrongShape, WrongStateShape, LogitsSolver, OverconfidentSolver),
    "losses": (OneLossForAll, NoNumberAsLoss),
    "labels-unseen": (AnswersWithTheLabels,),
    "state-gradient": (KeepsGradient,),
    "initial-state": (RandomStart,),
    "purity": (Dropout, DropoutNextToDraw, RunningStatistics, Memory),
    "independence": (BatchMean, SharedState, PeekingSolver),
    "gradients": (UnusedParameter, DetachedHead),
    "float64": (OnlyFloat32,),
    "inputs-kept": (InPlaceSolver,),
    "candidates": (
        *(CandidatesWithoutTheAnswer, CandidatesFirst, CandidateOutsideTheVocabulary),
        *(NoNumberAsScore, OneScoreForAll),
        *(AbstainsInParts, AbstainsByNumber, EarnsOperations),
    ),
    "determinism": (UnseededSolver, RememberingSolver, TrainsItsBase),
}


def spec_of(kind: type) -> ModelSpec:
    """The toy model's spec with another class."""

    def build(options: ToyModelOptions, info: Any, context: Context) -> Any:
        return kind() if kind is NotAModel else kind(options, info)

    return dataclasses.replace(TOY_MODEL, name=kind.__name__, build=build)


def with_presets(**presets: Preset) -> ModelSpec:
    """The toy model with other presets."""
    return dataclasses.replace(TOY_MODEL, presets=presets)
