"""Options of SE-RRM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trmbench import TrmbenchError

PositionEncoding = Literal["rope2d", "rope", "learned"]


@dataclass(frozen=True)
class Options:
    """The published model; T x n loops, of which the last n have gradients."""

    equivariant: bool = True
    """Tokens from the third on are interchangeable: only where they stand tells them apart."""
    layers: int = 2
    """Blocks of the network."""
    width: int = 256
    """Features of a symbol at a position."""
    heads: int = 4
    """Attention heads over the positions."""
    head_width: int = 64
    """Features of each."""
    symbol_heads: int = 2
    """Attention heads over the symbols."""
    symbol_head_width: int = 64
    """Features of each."""
    expansion: float = 4.0
    """Hidden features of the MLP, times 2/3, per feature."""
    multiple_of: int = 256
    """Hidden features are rounded up to a multiple of this."""
    position_encoding: PositionEncoding = "rope2d"
    """Rotary over rows and columns, rotary over positions, or learned vectors."""
    extra_positions: int = 0
    """Learned positions after the tokens, to think in."""
    puzzle_embedding: bool = False
    """A learned vector for each puzzle, and a learned number for each of its symbols."""
    T: int = 3
    """Runs of n loops per supervision step, of which the last one has gradients."""
    n: int = 4
    """Loops of a run."""
    supervision_steps: int = 16
    """N_sup; 1 = no deep supervision."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no network."""
        for name in (
            *("layers", "width", "heads", "head_width", "symbol_heads", "symbol_head_width"),
            *("multiple_of", "T", "n", "supervision_steps"),
        ):
            if getattr(self, name) < 1:
                _refuse(name, getattr(self, name), "at least 1")
        if self.extra_positions < 0:
            _refuse("extra_positions", self.extra_positions, "0 or more")
        if self.expansion <= 0:
            _refuse("expansion", self.expansion, "above 0")
        if self.position_encoding not in ("rope2d", "rope", "learned"):
            _refuse("position_encoding", self.position_encoding, "rope2d or rope or learned")
        pairs = {"rope2d": 4, "rope": 2, "learned": 1}[self.position_encoding]
        if self.head_width % pairs:
            _refuse("head_width", self.head_width, f"a multiple of {pairs}")


def _refuse(name: str, value: object, allowed: str) -> None:
    raise TrmbenchError(f"model.{name} is {value!r}", f"it must be {allowed}")
