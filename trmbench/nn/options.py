"""The options that every network built from `trmbench.nn` has; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trmbench.errors import TrmbenchError

Mixing = Literal["attention", "mlp"]
PositionEncoding = Literal["rope", "learned", "none"]


@dataclass(frozen=True)
class NetworkOptions:
    """Shape of the network; the defaults are the published ones (2506.21734, 2510.04871)."""

    mixing: Mixing = "attention"
    """The way positions see each other: self-attention, or an MLP over the positions."""
    layers: int = 2
    """Blocks of one network."""
    width: int = 512
    """Features of a position."""
    heads: int = 8
    """Attention heads; unused by `mlp` mixing."""
    expansion: float = 4.0
    """Hidden features of an MLP, times 2/3, per feature."""
    multiple_of: int = 256
    """Hidden features are rounded up to a multiple of this."""
    position_encoding: PositionEncoding = "rope"
    """`rope` needs attention; `mlp` mixing tells positions apart by itself."""
    puzzle_positions: int = 16
    """Positions in front of the tokens that hold the puzzle embedding; 0 = no puzzle embedding."""
    puzzle_dim: int = 0
    """Trained features of a puzzle embedding, zeros fill its positions up; 0 = `width`."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no network."""
        for name in ("layers", "width", "heads", "multiple_of"):
            if getattr(self, name) < 1:
                _refuse(name, getattr(self, name), "at least 1")
        for name, choices in (
            ("mixing", ("attention", "mlp")),
            ("position_encoding", ("rope", "learned", "none")),
        ):
            if getattr(self, name) not in choices:
                _refuse(name, getattr(self, name), " or ".join(choices))
        if self.expansion <= 0:
            _refuse("expansion", self.expansion, "above 0")
        if self.mixing == "attention" and self.width % (2 * self.heads):
            _refuse("width", self.width, f"a multiple of twice the {self.heads} heads")
        if self.puzzle_positions < 0:
            _refuse("puzzle_positions", self.puzzle_positions, "0 or more")
        room = self.puzzle_positions * self.width
        if self.puzzle_positions and not 0 <= self.puzzle_dim <= room:
            _refuse("puzzle_dim", self.puzzle_dim, f"0..{room} (puzzle_positions x width)")


@dataclass(frozen=True)
class RecursionOptions(NetworkOptions):
    """A network that is applied recursively, with TRM's words and defaults (2510.04871)."""

    T: int = 3
    """Full recursions per supervision step (HRM: H_cycles)."""
    n: int = 6
    """Latent updates per full recursion (HRM: L_cycles)."""
    supervision_steps: int = 16
    """N_sup; 1 = no deep supervision."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for values that make no recursion."""
        super().__post_init__()
        for name in ("T", "n", "supervision_steps"):
            if getattr(self, name) < 1:
                _refuse(name, getattr(self, name), "at least 1")


def _refuse(name: str, value: object, allowed: str) -> None:
    raise TrmbenchError(f"model.{name} is {value!r}", f"it must be {allowed}")
