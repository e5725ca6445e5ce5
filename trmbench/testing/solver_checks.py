"""The contract of a solver: answers are a function of the puzzle and the generator."""

from __future__ import annotations

import torch

from trmbench.evaluation.demonstrations import pairs_of, shown
from trmbench.evaluation.predictions import problems
from trmbench.spec import Answers, Batch, Solver
from trmbench.testing.cases import SEED, ModelCase
from trmbench.testing.conformance import Check, require


def _answers(case: ModelCase, batch: Batch) -> Answers:
    """Ask as a test does: without the labels, and with a copy of the inputs."""
    hidden = batch._replace(inputs=batch.inputs.clone(), labels=torch.zeros_like(batch.labels))
    return _solver(case).predict(hidden, torch.Generator().manual_seed(SEED))


def _solver(case: ModelCase) -> Solver:
    return shown(case.model, pairs_of(case.task, case.task.split("train")))


def shapes(case: ModelCase) -> None:
    """Tokens, confidence and tokens by step have the contract's shapes and ranges."""
    answers, wanted = _answers(case, case.batch), case.batch.inputs.shape
    require(
        isinstance(answers, Answers), f"predict returned a {type(answers).__name__}, no Answers"
    )
    require(
        answers.tokens.shape == wanted,
        f"tokens have shape {tuple(answers.tokens.shape)} instead of (B, L) = {tuple(wanted)}",
    )
    require(not answers.tokens.is_floating_point(), f"tokens are {answers.tokens.dtype}, not whole")
    low, high = int(answers.tokens.min()), int(answers.tokens.max())
    require(
        low >= 0 and high < case.info.vocab_size,
        f"tokens go from {low} to {high}; the task's go from 0 to {case.info.vocab_size - 1}",
    )
    confidence = answers.confidence
    require(
        confidence.shape == wanted[:1],
        f"confidence has shape {tuple(confidence.shape)} instead of (B,) = ({wanted[0]},)",
    )
    inside = (confidence >= 0) & (confidence <= 1)
    require(
        inside.all(), f"confidence {confidence[~inside][:1].tolist()} is not a number from 0 to 1"
    )
    by_step = answers.tokens_by_step
    require(
        by_step is None or (by_step.dim() == 3 and by_step.shape[1:] == wanted),
        f"tokens_by_step have shape {by_step is not None and tuple(by_step.shape)} instead of "
        "(S, B, L)",
    )


def candidates(case: ModelCase) -> None:
    """Candidates, their scores, costs and abstentions are shaped, and fit the answers."""
    answers = _answers(case, case.batch)
    problem = next(problems(answers), None)
    require(problem is None, problem or "")
    if answers.candidates is not None:
        low, high = int(answers.candidates.min()), int(answers.candidates.max())
        require(
            low >= 0 and high < case.info.vocab_size,
            f"candidates go from {low} to {high}; the task's go from 0 to"
            f" {case.info.vocab_size - 1}",
        )


def determinism(case: ModelCase) -> None:
    """The same puzzles and generator seed give the same answers, again and after others."""
    torch.manual_seed(1)
    first = _answers(case, case.batch)
    torch.manual_seed(2)
    second = _answers(case, case.batch)
    require(
        _same(first, second),
        "two calls with equally seeded generators differ; draw random numbers from the generator "
        "that predict gets, and keep nothing between calls",
    )
    _answers(case, case.other_batch)
    require(
        _same(first, _answers(case, case.batch)),
        "the answers to the same puzzles changed after other puzzles were seen: the solver keeps "
        "something between calls",
    )


def independence(case: ModelCase) -> None:
    """The answer to a puzzle does not depend on the other puzzles of its batch."""
    mixed = Batch(
        *(
            torch.cat([mine[:1], theirs[1:]])
            for mine, theirs in zip(case.batch, case.other_batch, strict=True)
        )
    )
    first, second = _answers(case, case.batch), _answers(case, mixed)
    require(
        torch.equal(first.tokens[0], second.tokens[0]),
        "the answer to puzzle 0 depends on the other puzzles of its batch",
    )
    require(
        torch.allclose(first.confidence[0], second.confidence[0], atol=1e-4),
        "the confidence for puzzle 0 depends on the other puzzles of its batch",
    )


def inputs_kept(case: ModelCase) -> None:
    """Answering leaves the batch as it was."""
    given = case.batch._replace(inputs=case.batch.inputs.clone())
    _solver(case).predict(given, torch.Generator().manual_seed(SEED))
    require(torch.equal(given.inputs, case.batch.inputs), "predict changed batch.inputs in place")


def _same(one: Answers, other: Answers) -> bool:
    parts = ("tokens", "confidence", "candidates", "candidate_scores", "abstained")
    pairs = [(getattr(one, name), getattr(other, name)) for name in parts]
    return all(a is b if a is None or b is None else torch.equal(a, b) for a, b in pairs)


CHECKS = (
    Check(shapes, vital=True),
    Check(candidates),
    Check(inputs_kept),
    Check(determinism),
    Check(independence),
)
