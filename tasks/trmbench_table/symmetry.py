"""The named augmentations of a table: what may be turned, mirrored and renamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from trmbench import Batch, TrmbenchError
from trmbench_table.layout import FIRST, Layout

DIHEDRAL, PERMUTE = "dihedral", "permute-symbols"
_CHUNK = 4096
_HINT = f"use {DIHEDRAL}, {PERMUTE}=1-9, or both with a comma between"


@dataclass(frozen=True)
class Symmetries:
    """The copies of a puzzle that are puzzles as well."""

    orders: np.ndarray
    """(D, L) int64, the place that each place of the copy shows; the first is the identity."""
    renamed: np.ndarray
    """(P,) int64 tokens that may change places; empty for none."""
    vocabulary: int

    @property
    def is_trivial(self) -> bool:
        """Whether there is no copy but the puzzle itself."""
        return len(self.orders) == 1 and not len(self.renamed)

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Draw a copy of each puzzle."""
        count, device = len(batch.inputs), generator.device
        drawn = torch.randint(len(self.orders), (count,), generator=generator, device=device)
        keys = torch.rand((count, len(self.renamed)), generator=generator, device=device)
        cells = torch.from_numpy(self.orders).to(device)[drawn]
        names = self._names(keys.argsort(1))
        inputs, labels = (
            names.gather(1, tokens.gather(1, cells)) for tokens in (batch.inputs, batch.labels)
        )
        return batch._replace(inputs=inputs, labels=labels)

    def _names(self, order: Tensor) -> Tensor:
        """(B, V) int64: what each token is called, by the orders (B, P) of the renamed ones."""
        names = torch.arange(self.vocabulary, device=order.device).repeat(len(order), 1)
        if len(self.renamed):
            movable = torch.from_numpy(self.renamed).to(order.device)
            names[:, movable] = movable[order]
        return names

    def draw(self, count: int, copies: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Places (N, C, L) and names (N, C, V) of copies, the first of each the puzzle itself."""
        random = np.random.default_rng(seed)
        drawn = random.integers(len(self.orders), size=(count, copies))
        keys = random.random((count * copies, len(self.renamed)))
        drawn[:, 0] = 0
        keys.reshape(count, copies, -1)[:, 0] = np.arange(len(self.renamed))
        names = self._names(torch.from_numpy(keys.argsort(axis=1))).numpy()
        return self.orders[drawn], names.reshape(count, copies, -1)

    def signatures(self, grids: np.ndarray) -> np.ndarray:
        """(N,) uint64, equal for puzzles that are copies of each other.

        Different signatures prove different puzzles; equal ones of other puzzles are as rare as
        collisions of 64 bits.

        Args:
            grids: (N, G, L) one or more grids of each puzzle, such as question and answer.
        """
        chunks = range(0, len(grids), _CHUNK)
        parts = [self._signatures(grids[start : start + _CHUNK]) for start in chunks]
        return np.concatenate([np.empty(0, np.uint64), *parts])

    def _signatures(self, grids: np.ndarray) -> np.ndarray:
        weights = np.random.default_rng(0).integers(
            2**63, size=grids.shape[1] * grids.shape[2], dtype=np.uint64
        )
        hashes = []
        for order in self.orders:
            flat = self._named_in_order(grids[:, :, order].reshape(len(grids), -1))
            hashes.append(_mix((flat.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)))
        return np.asarray(np.min(hashes, axis=0))

    def _named_in_order(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens (N, M) whose movable ones are called by the order in which they first appear."""
        if not len(self.renamed):
            return tokens
        is_token = tokens[:, :, None] == self.renamed
        unused = tokens.shape[1] + np.arange(len(self.renamed))
        first = np.where(is_token.any(axis=1), is_token.argmax(axis=1), unused)
        places = first.argsort(axis=1).argsort(axis=1)
        names = np.tile(np.arange(256), (len(tokens), 1))
        names[:, self.renamed] = self.renamed[places]
        return np.take_along_axis(names, tokens.astype(np.int64), axis=1)


def symmetries_of(names: str | None, layout: Layout) -> Symmetries:
    """The symmetries that `task.augmentations` names.

    Raises:
        TrmbenchError: there is no such augmentation, or the data do not allow it.
    """
    orders = np.arange(layout.length)[None]
    renamed: list[int] = []
    for name in (names or "").split(","):
        kind, _, given = name.strip().partition("=")
        if kind == DIHEDRAL and not given:
            orders = _dihedral(layout)
        elif kind == PERMUTE and given:
            renamed = _tokens(given, layout)
        elif kind:
            raise TrmbenchError(f"task.augmentations={names} is not possible", _HINT)
    return Symmetries(orders, np.array(renamed, np.int64), FIRST + len(layout.symbols))


def _dihedral(layout: Layout) -> np.ndarray:
    """(8, L) the symmetries of the square."""
    rows, columns = layout.grid
    if rows != columns or not layout.is_full:
        raise TrmbenchError(
            f"task.augmentations={DIHEDRAL} needs answers that fill a square, not {rows}x{columns}"
            f" with {len(layout.places)} cells asked for",
            "leave it out, or set task.grid",
        )
    cells = np.arange(layout.length).reshape(rows, columns)
    turned = [np.rot90(base, quarters) for base in (cells, cells.T) for quarters in range(4)]
    return np.stack(turned).reshape(8, -1)


def _tokens(given: str, layout: Layout) -> list[int]:
    """The tokens of symbols such as `1-9` or `abc`."""
    wanted = set(_symbols(given))
    found = [layout.tokens[symbol] for symbol in layout.symbols if symbol in wanted]
    if len(found) < 2:
        raise TrmbenchError(
            f"task.augmentations={PERMUTE}={given}: {len(found)} of these symbols are in the data",
            f"the data have {' '.join(layout.symbols[:40])}",
        )
    return found


def _symbols(given: str) -> Iterator[str]:
    first, dash, last = given.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        yield from map(str, range(int(first), min(int(last), 10_000) + 1))
    elif dash and len(first) == len(last) == 1:
        yield from map(chr, range(ord(first), ord(last) + 1))
    else:
        yield from given


def _mix(values: np.ndarray) -> np.ndarray:
    """Scramble 64 bits (SplitMix64, Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
