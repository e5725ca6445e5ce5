"""Models: whatever answers puzzles.

Shapes: B puzzles of a batch, L tokens of a puzzle, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Generator, Tensor, device

    from trmbench.spec.puzzles import Answers, Batch


class StepOutput(NamedTuple):
    """The result of one supervision step."""

    state: tuple[Tensor, ...]
    """Each (B, positions, width), without gradient."""
    logits: Tensor
    """(B, L, V)."""
    halt_logits: Tensor | None = None
    """(B,): sigmoid of it = probability that the answer is right."""
    continue_logits: Tensor | None = None
    """(B,): the value of going on (HRM's Q-learning)."""


@runtime_checkable
class Solver(Protocol):
    """Anything that answers puzzles: an oracle, a search, a trained network."""

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer a batch. `batch.labels` is padding throughout: the answer is never shown."""
        ...


@runtime_checkable
class RecursiveModel(Protocol):
    """An `nn.Module` that the harness trains.

    `forward` is a pure function of its parameters and arguments: it keeps nothing between calls,
    draws no random numbers, and computes in the dtype of the state it is given.
    """

    max_steps: int
    """Supervision steps (N_sup); 1 = one-shot."""
    puzzle_embedding: Any | None
    """A `trmbench.nn.PuzzleEmbedding`, trained by sign-SGD apart from the rest, or None."""

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """The state before the first supervision step, each (B, positions, width)."""
        ...

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """One supervision step."""
        ...


@dataclass(frozen=True)
class Context:
    """Everything that a model is built with apart from its options."""

    seed: int
    """The trial's seed; torch's global generator is already seeded from it when `build` runs."""
    device: device
    base: Any | None = None
    """The trained model of the cell named by `ModelSpec.base`, same seed, in evaluation mode."""
    precision: str = "float32"
    """Type of the activations and of the carried state, such as "bfloat16" (`train.precision`)."""
