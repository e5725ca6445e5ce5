"""What a solver answered, checked against its contract and taken to numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.spec import Answers, Predictions

T = TypeVar("T")


def as_predictions(answers: Answers, shape: torch.Size, start: int = 0) -> Predictions:
    """Take the answers to a batch to numpy.

    Args:
        answers: what the solver gave.
        shape: (B, L) of the batch.
        start: the row of its first puzzle among the tested ones, to name puzzles.

    Raises:
        TrmbenchError: they break their contract.
    """
    if answers.tokens.shape != shape:
        raise TrmbenchError(
            f"the model answered with shape {tuple(answers.tokens.shape)}, not {tuple(shape)}",
            "tokens must be (B, L), the answer itself, not logits",
        )
    confidence = answers.confidence.float().cpu().numpy()
    if not np.isfinite(confidence).all():
        row = start + int(np.flatnonzero(~np.isfinite(confidence))[0])
        raise TrmbenchError(f"the model's output for test puzzle {row} is not a number (NaN)")
    if problem := next(problems(answers, start), None):
        raise TrmbenchError(f"the model's {problem}", "see `Answers` in docs/plugins.md")
    by_step, candidates, scores = (
        answers.tokens_by_step,
        answers.candidates,
        answers.candidate_scores,
    )
    return Predictions(
        _tokens(answers.tokens),
        confidence,
        None if by_step is None else _tokens(by_step),
        _array(answers.steps),
        None if candidates is None else _tokens(candidates),
        cost=None if answers.cost is None else answers.cost.double().cpu().numpy(),
        by_depth=_at_depths(answers.by_depth),
        candidate_scores=None if scores is None else scores.double().cpu().numpy(),
        abstained=_array(answers.abstained),
    )


def problems(answers: Answers, start: int = 0) -> Iterator[str]:
    """Say how the optional parts of answers break the contract, the first problem first.

    Args:
        answers: with tokens of the right shape.
        start: the row of the first puzzle, to name puzzles.
    """
    size = len(answers.tokens)
    for name, part in (("abstained", answers.abstained), ("cost", answers.cost)):
        if part is not None and part.shape != (size,):
            yield f"{name} has shape {tuple(part.shape)} instead of (B,) = ({size},)"
            return
    if answers.abstained is not None and answers.abstained.dtype != torch.bool:
        yield f"abstained is {answers.abstained.dtype}, not bool"
    if answers.cost is not None:
        wrong = ~(answers.cost.isfinite() & (answers.cost >= 0))
        if wrong.any():
            row = int(wrong.nonzero()[0])
            yield f"cost of puzzle {start + row} is {float(answers.cost[row])}, no number from 0 on"
    yield from _of_candidates(answers, start)


def _of_candidates(answers: Answers, start: int) -> Iterator[str]:
    tokens, candidates, scores = answers.tokens, answers.candidates, answers.candidate_scores
    if candidates is None:
        if scores is not None:
            yield "candidate_scores come without candidates"
        return
    size, length = tokens.shape
    if candidates.dim() != 3 or candidates.shape[::2] != (size, length) or not candidates.shape[1]:
        shape = tuple(candidates.shape)
        yield f"candidates have shape {shape} instead of (B, K, L) = ({size}, K, {length})"
        return
    if candidates.is_floating_point():
        yield f"candidates are {candidates.dtype}, not whole"
    given = (candidates == tokens[:, None]).all(-1).any(1)
    if answers.abstained is not None:
        given = given | answers.abstained
    if not given.all():
        row = start + int((~given).nonzero()[0])
        yield f"answer to puzzle {row} is none of its {candidates.shape[1]} candidates"
    if scores is None:
        return
    if scores.shape != candidates.shape[:2]:
        shape, wanted = tuple(scores.shape), tuple(candidates.shape[:2])
        yield f"candidate_scores have shape {shape} instead of (B, K) = {wanted}"
    elif not scores.isfinite().all():
        row, place = (~scores.isfinite()).nonzero()[0].tolist()
        value = float(scores[row, place])
        yield f"candidate_scores has {value} for candidate {place} of puzzle {start + row}"


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Lay the predictions of several batches end to end.

    Raises:
        TrmbenchError: the batches do not have the same parts, or other numbers of candidates.
    """
    curves = _everywhere("by_depth", [part.by_depth for part in parts])

    def laid(name: str, axis: int = 0) -> np.ndarray | None:
        arrays = _everywhere(name, [getattr(part, name) for part in parts])
        if len({array.shape[1 - axis : 1 - axis + 1] for array in arrays}) > 1:
            raise TrmbenchError(
                f"the model gave {name} of shapes {arrays[0].shape} and {arrays[-1].shape}",
                "every batch must have as many of them",
            )
        return np.concatenate(arrays, axis=axis) if arrays else None

    return Predictions(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        laid("tokens_by_step", axis=1),
        laid("steps"),
        laid("candidates"),
        cost=laid("cost"),
        by_depth={depth: joined([each[depth] for each in curves]) for depth in curves[0]}
        if curves
        else None,
        candidate_scores=laid("candidate_scores"),
        abstained=laid("abstained"),
    )


def _everywhere(name: str, found: Sequence[T | None]) -> list[T]:
    """What every batch has; nothing where none has it."""
    there = [part for part in found if part is not None]
    if there and len(there) < len(found):
        raise TrmbenchError(
            f"the model gave {name} for {len(there)} of {len(found)} batches of puzzles",
            "give it for all of them or for none",
        )
    return there


def _at_depths(by_depth: Mapping[int, Answers] | None) -> dict[int, Predictions] | None:
    """The points of a curve; a confidence that is no number is left to stand: it counts there only.

    A model that was trained at 16 steps may well diverge at 64.
    """
    if by_depth is None:
        return None
    return {
        depth: Predictions(
            _tokens(answers.tokens),
            answers.confidence.float().cpu().numpy(),
            steps=_array(answers.steps),
            abstained=_array(answers.abstained),
        )
        for depth, answers in by_depth.items()
    }


def _tokens(tokens: Tensor) -> np.ndarray:
    array: np.ndarray = tokens.to(torch.uint8).cpu().numpy()
    return array


def _array(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.cpu().numpy()
