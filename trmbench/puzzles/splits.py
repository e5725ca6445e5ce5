"""Puzzles as arrays become the tables of a task: choice, hold-out, names, fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.puzzles.options import PuzzleOptions
from trmbench.spec import PuzzleTable

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
    """Tables of the three splits; the validation puzzles are drawn from the training puzzles.

    Raises:
        TrmbenchError: nothing is left to train on.
    """
    count = len(train.inputs)
    if options.validation >= count:
        raise TrmbenchError(
            f"task.validation={options.validation} leaves none of the {count} training puzzles",
            "hold out fewer",
        )
    order = np.random.default_rng(options.data_seed).permutation(count)
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
    for name in (*SPLITS, *(name for name in splits if name not in SPLITS)):
        table = splits[name]
        digest.update(f"{name} {table.inputs.shape}".encode())
        for array in (table.inputs, table.labels):
            digest.update(np.ascontiguousarray(array, np.uint8).data)
        digest.update(np.ascontiguousarray(table.puzzle_identifiers, "<i4").data)
        for names in (table.puzzle_ids, table.groups):
            digest.update("\n".join(names.tolist()).encode())
    return digest.hexdigest()
