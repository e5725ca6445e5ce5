"""The options that every network built from `trmbench.nn` has; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trmbench.errors import TrmbenchError
from trmbench.spec.ranges import check_ranges, setting

Mixing = Literal["attention", "mlp"]
PositionEncoding = Literal["rope", "learned", "none"]

MOST_BLOCKS = 10_000
"""Blocks applied one after another in a supervision step; the published TRM has 42."""


@dataclass(frozen=True)
class NetworkOptions:
    """Shape of the network; the defaults are the published ones (2506.21734, 2510.04871)."""

    mixing: Mixing = "attention"
    """The way positions see each other: self-attention, or an MLP over the positions."""
    layers: int = setting(2, at_least=1, at_most=200)
    """Blocks of one network."""
    width: int = setting(512, at_least=1, at_most=65_536)
    """Features of a position."""
    heads: int = setting(8, at_least=1, at_most=1_024)
    """Attention heads; unused by `mlp` mixing."""
    expansion: float = setting(4.0, above=0, at_most=64)
    """Hidden features of an MLP, times 2/3, per feature."""
    multiple_of: int = setting(256, at_least=1, at_most=65_536)
    """Hidden features are rounded up to a multiple of this."""
    position_encoding: PositionEncoding = "rope"
    """`rope` needs attention; `mlp` mixing tells positions apart by itself."""
    puzzle_positions: int = setting(16, at_least=0, at_most=1_024)
    """Positions in front of the tokens that hold the puzzle embedding; 0 = no puzzle embedding."""
    puzzle_dim: int = setting(0, at_least=0)
    """Trained features of a puzzle embedding, zeros fill its positions up; 0 = `width`."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no network."""
        check_ranges("model", self)
        for name, choices in (
            ("mixing", ("attention", "mlp")),
            ("position_encoding", ("rope", "learned", "none")),
        ):
            if getattr(self, name) not in choices:
                _refuse(name, getattr(self, name), " or ".join(choices))
        if self.mixing == "attention" and self.width % (2 * self.heads):
            _refuse("width", self.width, f"a multiple of twice the {self.heads} heads")
        room = self.puzzle_positions * self.width
        if self.puzzle_positions and self.puzzle_dim > room:
            _refuse("puzzle_dim", self.puzzle_dim, f"0 to {room:,} (puzzle_positions x width)")


@dataclass(frozen=True)
class RecursionOptions(NetworkOptions):
    """A network that is applied recursively, with TRM's words and defaults (2510.04871)."""

    T: int = setting(3, at_least=1, at_most=100)
    """Full recursions per supervision step (HRM: H_cycles)."""
    n: int = setting(6, at_least=1, at_most=100)
    """Latent updates per full recursion (HRM: L_cycles)."""
    supervision_steps: int = setting(16, at_least=1, at_most=10_000)
    """N_sup; 1 = no deep supervision."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no recursion."""
        super().__post_init__()
        blocks = self.T * (self.n + 1) * self.layers
        if blocks > MOST_BLOCKS:
            raise TrmbenchError(
                f"model.T={self.T}, model.n={self.n} and model.layers={self.layers} make"
                f" {blocks:,} blocks of one supervision step",
                f"T x (n + 1) x layers is at most {MOST_BLOCKS:,}",
            )


def _refuse(name: str, value: object, allowed: str) -> None:
    raise TrmbenchError(f"model.{name}={value} is not possible", f"use {allowed}")
