"""The toy task: two rows of letters; the second, blank in the question, is the first mirrored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Generator

from trmbench.puzzles.splits import Puzzles, fingerprint, make_table
from trmbench.spec import Batch, PuzzleTable, Task, TaskInfo, Votes
from trmbench.spec.puzzles import Pairs
from trmbench.testing.toy_options import ToyTaskOptions

PAD, BLANK, FIRST_LETTER, LETTERS = 0, 1, 2, 4
VOCABULARY = FIRST_LETTER + LETTERS


class ToyTask(Task):
    """Renaming the letters makes a new puzzle of the same kind."""

    def __init__(self, splits: dict[str, PuzzleTable], options: ToyTaskOptions) -> None:
        self._splits = splits
        self._columns = columns = options.columns
        self.info = TaskInfo(
            title="Toy mirror",
            source="generated",
            fingerprint=fingerprint(splits),
            vocab_size=VOCABULARY,
            seq_len=2 * columns,
            grid_shape=(2, columns),
            num_puzzle_identifiers=options.identifiers,
            symbols=tuple(range(FIRST_LETTER, VOCABULARY)),
        )

    def split(self, name: str) -> PuzzleTable:
        return self._splits[name]

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        shape = (len(batch.inputs), LETTERS)
        order = torch.rand(shape, generator=generator, device=generator.device).argsort(1)
        fixed = torch.arange(FIRST_LETTER, device=order.device).expand(len(order), -1)
        names = torch.cat([fixed, order + FIRST_LETTER], 1)
        return batch._replace(
            inputs=names.gather(1, batch.inputs), labels=names.gather(1, batch.labels)
        )

    def votes(self, count: int, seed: int) -> Votes:
        table = self.split("test")
        rows = np.repeat(np.arange(len(table)), count)
        random = np.random.default_rng(seed).random((len(rows), LETTERS))
        random[::count] = np.arange(LETTERS)  # the first copy of each is unchanged
        fixed = np.tile(np.arange(FIRST_LETTER), (len(rows), 1))
        names = np.concatenate([fixed, random.argsort(1) + FIRST_LETTER], 1).astype(np.uint8)
        original = names.argsort(1).astype(np.uint8)
        copied = table.select(rows)
        copies = PuzzleTable(
            np.take_along_axis(names, copied.inputs.astype(int), 1),
            np.take_along_axis(names, copied.labels.astype(int), 1),
            copied.puzzle_identifiers,
            copied.puzzle_ids,
            copied.groups,
        )
        return Votes(
            copies, lambda votes, tokens: np.take_along_axis(original[votes], tokens.astype(int), 1)
        )

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        given = inputs[:, : self._columns]
        right = np.concatenate([given, given[:, ::-1]], 1)
        return np.asarray((right == answers).all(1))

    def demonstrations(self, puzzle_id: str) -> Pairs:
        shown = self.split("train").select(slice(2))
        return list(zip(shown.inputs, shown.labels, strict=True))

    def render(self, tokens: np.ndarray) -> Any:
        text = "".join("?.abcd"[token] for token in tokens.tolist())
        return f"{text[: self._columns]}\n{text[self._columns :]}"


def load(options: ToyTaskOptions) -> ToyTask:
    """Rows of letters, none of which becomes another one by renaming."""
    random = np.random.default_rng(0)
    count = options.train_puzzles + options.test_puzzles
    rows: dict[bytes, np.ndarray] = {}
    while len(rows) < count:
        row = random.integers(LETTERS, size=options.columns)
        first = {letter: len(row) - position for position, letter in enumerate(row[::-1].tolist())}
        rows.setdefault(bytes(first[letter] for letter in row.tolist()), row + FIRST_LETTER)
    letters = np.stack(list(rows.values())).astype(np.uint8)
    inputs = np.concatenate([letters, np.full_like(letters, BLANK)], 1)
    puzzles = Puzzles(inputs, np.concatenate([letters, letters[:, ::-1]], 1))
    splits = {
        "train": _table(puzzles.select(slice(options.test_puzzles, None)), options.identifiers),
        "validation": _table(puzzles.select(slice(0)), options.identifiers),
        "test": _table(puzzles.select(slice(options.test_puzzles)), options.identifiers),
    }
    return ToyTask(splits, options)


def _table(puzzles: Puzzles, identifiers: int) -> PuzzleTable:
    table = make_table(puzzles)
    return replace(table, puzzle_identifiers=(np.arange(len(table)) % identifiers).astype(np.int32))
