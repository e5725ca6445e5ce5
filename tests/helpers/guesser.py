"""A solver without training that guesses several times, says how good it finds each, and passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator

from trmbench import Answers, Batch, Context, ModelSpec, TaskInfo, hookimpl
from trmbench_queens.board import QUEEN, all_solutions, boards


@dataclass(frozen=True)
class GuesserOptions:
    """How it guesses."""

    guesses: int = 6
    passes: bool = False
    """Give no answer to the puzzles of even rows."""


class Guesser:
    """Guesses placements of queens at random: right ones score higher, though not always."""

    def __init__(self, options: GuesserOptions, info: TaskInfo) -> None:
        size = info.grid_shape[0]
        self.options = options
        self.every = boards(all_solutions(size), np.ones((1, size), bool))

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        given = batch.inputs.numpy() == QUEEN
        seeds = torch.randint(2**31, (len(given),), generator=generator)
        drawn = [self._guess(*one) for one in zip(given, seeds.tolist(), strict=True)]
        candidates, scores = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        best = scores.argmax(1)
        rows = torch.arange(len(best))
        passed = batch.rows % 2 == 0
        return Answers(
            candidates[rows, best].long(),
            scores[rows, best].sigmoid(),
            candidates=candidates,
            candidate_scores=scores,
            abstained=passed if self.options.passes else None,
            cost=torch.full((len(best),), 10.0 * self.options.guesses),
        )

    def _guess(self, given: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(seed)
        right = self.every[(self.every[:, given] == QUEEN).all(axis=1)]
        pool = np.concatenate(
            [right, self.every[random.integers(len(self.every), size=len(right))]]
        )
        picked = random.integers(len(pool), size=self.options.guesses)
        return pool[picked], random.normal(size=len(picked)) + (picked < len(right))


def build(options: GuesserOptions, info: TaskInfo, context: Context) -> Any:
    return Guesser(options, info)


@hookimpl
def trmbench_models() -> list[ModelSpec]:
    return [ModelSpec("guesser", "Guesses", {}, build, options=GuesserOptions)]
