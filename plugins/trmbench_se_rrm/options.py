"""Options of SE-RRM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from trmbench import TrmbenchError, setting

_MOST_BLOCKS = 10_000
PositionEncoding = Literal["rope2d", "rope", "learned"]


@dataclass(frozen=True)
class Options:
    """The published model; T x n loops, of which the last n have gradients."""

    equivariant: bool = True
    """The task's symbols (`info.symbols`; where it does not say, tokens from the third on) are
    interchangeable: only where they stand tells them apart."""
    layers: int = setting(2, at_least=1, at_most=200)
    """Blocks of the network."""
    width: int = setting(256, at_least=1, at_most=65_536)
    """Features of a symbol at a position."""
    heads: int = setting(4, at_least=1, at_most=1_024)
    """Attention heads over the positions."""
    head_width: int = setting(64, at_least=1, at_most=4_096)
    """Features of each."""
    symbol_heads: int = setting(2, at_least=1, at_most=1_024)
    """Attention heads over the symbols."""
    symbol_head_width: int = setting(64, at_least=1, at_most=4_096)
    """Features of each."""
    expansion: float = setting(4.0, above=0, at_most=64)
    """Hidden features of the MLP, times 2/3, per feature."""
    multiple_of: int = setting(256, at_least=1, at_most=65_536)
    """Hidden features are rounded up to a multiple of this."""
    position_encoding: PositionEncoding = "rope2d"
    """Rotary over rows and columns, rotary over positions, or learned vectors."""
    extra_positions: int = setting(0, at_least=0, at_most=1_024)
    """Learned positions after the tokens, to think in."""
    puzzle_embedding: bool = False
    """A learned vector for each puzzle, and a learned number for each of its symbols."""
    T: int = setting(3, at_least=1, at_most=100)
    """Runs of n loops per supervision step, of which the last one has gradients."""
    n: int = setting(4, at_least=1, at_most=100)
    """Loops of a run."""
    dropout: float = setting(0.0, at_least=0, below=1, metadata={"unhashed_at": 0.0})
    """Share of the attention weights that are left out in training, of both attentions."""
    dropout_at_test: bool = field(default=False, metadata={"unhashed_at": False})
    """Leave them out at test as well, as the released code does."""
    supervision_steps: int = setting(16, at_least=1, at_most=10_000)
    """N_sup; 1 = no deep supervision."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no network."""
        if self.T * self.n * self.layers > _MOST_BLOCKS:
            _refuse("T", self.T, f"so small that T x n x layers is at most {_MOST_BLOCKS:,}")
        pairs = {"rope2d": 4, "rope": 2, "learned": 1}.get(self.position_encoding)
        if pairs is None:
            _refuse("position_encoding", self.position_encoding, "rope2d or rope or learned")
        elif self.head_width % pairs:
            _refuse("head_width", self.head_width, f"a multiple of {pairs}")


def _refuse(name: str, value: object, allowed: str) -> None:
    raise TrmbenchError(f"model.{name} is {value!r}", f"it must be {allowed}")
