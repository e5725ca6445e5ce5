"""From puzzles as arrays to the tables of a task: choice, hold-out, names, fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.puzzles.options import PuzzleOptions
from trmbench.spec import PuzzleTable

_TRAIN, _TEST, _VALIDATION = range(3)  # streams of the data seed; order is part of the results
SPLITS = ("train", "validation", "test")


class Puzzles(NamedTuple):
    """Questions and answers without names."""

    inputs: np.ndarray
    """(N, L) uint8."""
    labels: np.ndarray
    """(N, L) uint8."""

    def select(self, rows: np.ndarray | slice) -> Puzzles:
        """The puzzles of the given rows, in the given order."""
        return Puzzles(self.inputs[rows], self.labels[rows])


def make_splits(train: Puzzles, test: Puzzles, options: PuzzleOptions) -> dict[str, PuzzleTable]:
    """Tables of the three splits, chosen and held out as the options say.

    Raises:
        TrmbenchError: more puzzles are asked for than there are.
    """
    seed = options.data_seed
    train = _choose(train, options.train_puzzles, "train_puzzles", seed, _TRAIN)
    test = _choose(test, options.test_puzzles, "test_puzzles", seed, _TEST)
    if options.validation >= len(train.inputs):
        raise TrmbenchError(
            f"task.validation={options.validation} leaves none of the "
            f"{len(train.inputs)} training puzzles",
            "hold out fewer",
        )
    order = _random(seed, _VALIDATION).permutation(len(train.inputs))
    held_out, kept = np.sort(order[: options.validation]), np.sort(order[options.validation :])
    return {
        "train": make_table(train.select(kept)),
        "validation": make_table(train.select(held_out)),
        "test": make_table(test),
    }


def make_table(puzzles: Puzzles) -> PuzzleTable:
    """A table whose puzzles are named by content and share the blank puzzle identifier."""
    ids = puzzle_ids(puzzles.inputs)
    return PuzzleTable(
        inputs=puzzles.inputs,
        labels=puzzles.labels,
        puzzle_identifiers=np.zeros(len(ids), np.int32),
        puzzle_ids=ids,
        groups=ids,
    )


def puzzle_ids(inputs: np.ndarray) -> np.ndarray:
    """(N,) str: the first 16 hexadecimal digits of the SHA-256 of each question's tokens."""
    rows = np.ascontiguousarray(inputs, np.uint8)
    return np.array([hashlib.sha256(row).hexdigest()[:16] for row in rows], dtype="<U16")


def fingerprint(splits: Mapping[str, PuzzleTable]) -> str:
    """SHA-256 over every array of every split, the same on every machine."""
    digest = hashlib.sha256()
    for name in SPLITS:
        table = splits[name]
        digest.update(f"{name} {table.inputs.shape}".encode())
        for array in (table.inputs, table.labels):
            digest.update(np.ascontiguousarray(array, np.uint8))
        digest.update(np.ascontiguousarray(table.puzzle_identifiers, "<i4"))
        for names in (table.puzzle_ids, table.groups):
            digest.update("\n".join(names.tolist()).encode())
    return digest.hexdigest()


def _choose(puzzles: Puzzles, count: int | None, key: str, seed: int, stream: int) -> Puzzles:
    """`count` of the puzzles in their order; fewer puzzles of one seed are a subset of more."""
    available = len(puzzles.inputs)
    if count is None or count == available:
        return puzzles
    if count > available:
        raise TrmbenchError(f"task.{key}={count}, but there are {available}", "ask for fewer")
    return puzzles.select(np.sort(_random(seed, stream).permutation(available)[:count]))


def _random(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, stream]))
