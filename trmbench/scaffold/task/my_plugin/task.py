"""Rows of digits above blank rows, which the sorted digits fill in.

Tokens: pad 0, blank 1, digits 1 to 9 from 2 on.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Generator

from my_plugin import Options
from trmbench import (
    Batch,
    Puzzles,
    PuzzleTable,
    PuzzleTask,
    TrmbenchError,
    Votes,
    make_splits,
    permutation_votes,
)

BLANK, DIGITS = 1, 9
VOCABULARY = 2 + DIGITS


class MyPlugin(PuzzleTask):
    """Shuffling the digits makes another puzzle with the same answer."""

    def __init__(self, splits: dict[str, PuzzleTable], options: Options) -> None:
        super().__init__(
            splits,
            title=f"Sort {options.columns} digits",
            source=f"generated, data seed {options.data_seed}",
            vocab_size=VOCABULARY,
            grid_shape=(2, options.columns),
            characters={".": BLANK, **{str(digit): 1 + digit for digit in range(1, DIGITS + 1)}},
        )
        self._columns = options.columns
        self._augment = options.augment

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Shuffle the digits of each question, on the generator's device."""
        if not self._augment:
            return batch
        given, blank = batch.inputs.split(self._columns, dim=1)
        order = torch.rand(given.shape, generator=generator, device=generator.device).argsort(1)
        # The label shows the question as well, in its first row.
        shuffled = given.gather(1, order)
        return batch._replace(
            inputs=torch.cat([shuffled, blank], 1),
            labels=torch.cat([shuffled, batch.labels[:, self._columns :]], 1),
        )

    def votes(self, count: int, seed: int) -> Votes:
        """`count` copies of every test puzzle with shuffled digits, the first unchanged."""
        table = self.split("test")
        random = np.random.default_rng(seed).random((len(table), count, self._columns))
        random[:, 0] = np.arange(self._columns)
        second_row = np.broadcast_to(np.arange(self._columns), random.shape) + self._columns
        cells = np.concatenate([random.argsort(axis=2), second_row], axis=2)
        names = np.broadcast_to(np.arange(VOCABULARY), (len(table), count, VOCABULARY))
        return permutation_votes(table, cells, names)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the question is kept, and its digits stand below in order."""
        given = inputs[:, : self._columns]
        wanted = np.concatenate([given, np.sort(given, axis=1)], axis=1)
        return np.asarray((answers == wanted).all(axis=1))

    def render(self, tokens: np.ndarray) -> str:
        """One puzzle (L,) as two lines."""
        rows = tokens.reshape(2, -1).tolist()
        return "\n".join(" ".join(_shown(token) for token in row) for row in rows)


def _shown(token: int) -> str:
    return str(token - BLANK) if token > BLANK else "?."[token]


def load(options: Options) -> MyPlugin:
    """The task of the given options; no two puzzles have the same digits.

    Raises:
        TrmbenchError: there are not so many different puzzles.
    """
    train_count, test_count = options.generated_counts
    random = np.random.default_rng(options.data_seed)
    rows = random.integers(1, DIGITS + 1, (8 * (train_count + test_count), options.columns))
    answers, first = np.unique(np.sort(rows, axis=1), axis=0, return_index=True)
    chosen = random.permutation(len(first))[: train_count + test_count]
    if len(chosen) < train_count + test_count:
        raise TrmbenchError(
            f"there are only {len(chosen)} different puzzles of {options.columns} digits",
            "raise task.columns or lower task.train_puzzles",
        )
    given = (rows[first[chosen]] + BLANK).astype(np.uint8)
    answer = (answers[chosen] + BLANK).astype(np.uint8)
    puzzles = Puzzles(
        inputs=np.concatenate([given, np.full_like(given, BLANK)], axis=1),
        labels=np.concatenate([given, answer], axis=1),
    )
    test, train = puzzles.select(slice(test_count)), puzzles.select(slice(test_count, None))
    return MyPlugin(make_splits(train, test, options), options)
