"""Models: whatever answers puzzles.

Shapes: B puzzles of a batch, L tokens of a puzzle, V tokens of the vocabulary.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from torch import Generator, Tensor, device, dtype

    from trmbench.spec.puzzles import Answers, Batch

State: TypeAlias = "tuple[Tensor, ...]"
"""What a recursive model carries from step to step, each part (B, ...) of any rank."""
Forward: TypeAlias = "Callable[..., StepOutput]"
"""`RecursiveModel.forward`, of one model or of several whose puzzles are laid end to end."""


Schedule: TypeAlias = "Callable[[float], Mapping[str, int]]"
"""Whole numbers for a model by the share of the training that is done, in 0..1."""


class Draw(Protocol):
    """Seeded randomness of a batch of B puzzles.

    The numbers of a puzzle depend on the trial's seed, the step and the puzzle's slot alone: not on
    micro-batches, workers or stacked seeds. Another call gives other numbers.
    """

    def normal(self, like: Tensor) -> Tensor:
        """Draw from the standard normal distribution, shaped and typed as a tensor (B, ...)."""
        ...

    def uniform(self, like: Tensor) -> Tensor:
        """Draw numbers in [0, 1), shaped and typed as a tensor (B, ...)."""
        ...

    def bernoulli(self, like: Tensor, p: float) -> Tensor:
        """Draw 1 with probability p, else 0, shaped and typed as a tensor (B, ...)."""
        ...


class Step(NamedTuple):
    """What the harness knows about a call of `forward`, for models whose `forward` takes `step`."""

    draw: Draw
    """Randomness of this call."""
    training: bool
    progress: Tensor
    """() float32 in 0..1, share of the training that is done, on the device; 1 at test."""
    schedule: Mapping[str, int]
    """Whole numbers of `ModelSpec.schedule`, such as {"T": 2, "n": 4}."""
    number: Tensor
    """(B,) int64 supervision steps done on the puzzle before this one."""
    labels: Tensor | None
    """(B, L) int64 in training alone; None at test."""


class StepOutput(NamedTuple):
    """The result of one supervision step."""

    state: State
    """Each (B, ...), without gradient."""
    logits: Tensor
    """(B, L, V)."""
    halt_logits: Tensor | None = None
    """(B,): sigmoid of it = probability that the answer is right."""
    continue_logits: Tensor | None = None
    """(B,): the value of going on (HRM's Q-learning)."""
    confidence: Tensor | None = None
    """(B,) in 0..1 that the answer is right, where the model measures it by itself; it then counts
    instead of the halting logits, which have their part in the loss alone."""
    losses: Mapping[str, Tensor] | None = None
    """Further losses by name, (B,) each, which `train.loss_weights.NAME` weighs (1 if not set)."""


@runtime_checkable
class Solver(Protocol):
    """Anything that answers puzzles: an oracle, a search, a trained network."""

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer a batch. `batch.labels` is padding throughout: the answer is never shown.

        A solver that learns from the solved examples which come with a puzzle has a further
        argument `demonstrations`: a list of B batches, the M examples (M, L) of each puzzle, with
        their answers as labels; M may be 0.
        """
        ...


class EmbeddingTable(Protocol):
    """What the harness uses of a `trmbench.nn.PuzzleEmbedding`."""

    weight: Tensor
    """(identifiers, dim) float, not a parameter."""

    def gather(self, identifiers: Tensor) -> Tensor:
        """Rows (B, dim) of the identifiers (B,), as a new leaf that requires a gradient."""
        ...


@runtime_checkable
class RecursiveModel(Protocol):
    """An `nn.Module` that the harness trains.

    `forward` is a pure function of its parameters and arguments: it keeps nothing between calls and
    computes in the dtype of the state it is given. It draws random numbers from `step.draw` alone:
    a model that wants it, or anything else of a `Step`, has a further argument `step` of `forward`;
    one whose states begin at random has a further argument `draw` of `initial_state`. What a model
    may say of itself besides is listed in `Capabilities`.
    """

    max_steps: int
    """Supervision steps (N_sup); 1 = one-shot."""

    @property
    def puzzle_embedding(self) -> EmbeddingTable | None:
        """A `trmbench.nn.PuzzleEmbedding`, trained by sign-SGD apart from the rest, or None."""
        ...

    def initial_state(self, batch_size: int) -> State:
        """The state before the first supervision step, each (B, ...) of any rank."""
        ...

    def forward(self, state: State, inputs: Tensor, puzzle_identifiers: Tensor) -> StepOutput:
        """Take one supervision step.

        Args:
            state: the state before it.
            inputs: (B, L) int64.
            puzzle_identifiers: (B,) int64; in training the rows (B, dim) of `puzzle_embedding`,
                where there is one.
        """
        ...

    def __call__(self, state: State, inputs: Tensor, puzzle_identifiers: Tensor) -> StepOutput:
        """Call `forward`, as every `nn.Module` does."""
        ...


class ForwardFlops(NamedTuple):
    """Operations of one `forward` of a recursive model, for one puzzle."""

    without_gradient: int
    """Of the recursions that keep nothing for a backward pass, even in training."""
    with_gradient: int
    """Of the part that training goes back through, at twice its cost."""

    @property
    def total(self) -> int:
        """One forward pass, as in testing."""
        return sum(self)


@dataclass(frozen=True)
class Capabilities:
    """What a recursive model may say of itself, by attributes of these names.

    A model leaves out the attributes whose defaults suit it.
    """

    needs_continue_target: bool = False
    """The continue logit is trained on one more forward pass, and a puzzle in training halts where
    its halting logit exceeds it, instead of 0 (HRM)."""
    halts_at_random: bool = False
    """A share `train.halt_exploration` of the puzzles in training halts at every step, whatever the
    model says of its answer (SE-RRM)."""
    stacks_seeds: bool = False
    """`forward` uses weights through modules of `trmbench.nn` alone, which also take those of
    several seeds at once (`trmbench.nn.stacked`)."""
    forward_flops: Callable[..., ForwardFlops] | None = None
    """The cost of `forward` by formula; without it a forward pass is traced. A model with a
    schedule has an argument `schedule` of it, as in `Step`."""
    hidden_matrices: Callable[[], Iterable[str]] | None = None
    """The names of the weights that Muon trains; without it, matrices that are no `nn.Embedding`'s
    and have neither "embed" nor "head" in their names."""
    read: Callable[[Tensor, State], StepOutput] | None = None
    """The output if a part (B, positions, width) of the state were the answer."""


def capabilities(model: object) -> Capabilities:
    """What a model says of itself, with the defaults where it says nothing."""
    named = [field.name for field in fields(Capabilities)]
    return Capabilities(**{name: getattr(model, name) for name in named if hasattr(model, name)})


NO_SCHEDULE: Mapping[str, int] = {}
SCHEDULE_AT_TEST = "schedule_at_test"
"""The attribute of a module that has them, for who takes supervision steps with it later on."""


def no_schedule(progress: float) -> Mapping[str, int]:
    """The schedule of a model that has none."""
    return NO_SCHEDULE


def schedule_at_test(model: object) -> Mapping[str, int]:
    """The whole numbers that a built model is tested with, which the harness left on it."""
    found: Mapping[str, int] = getattr(model, SCHEDULE_AT_TEST, NO_SCHEDULE)
    return found


def takes(function: Callable[..., object], argument: str) -> bool:
    """Whether a function has an argument of that name; what it leaves out it is not given."""
    return argument in inspect.signature(function).parameters


def in_precision(device: device, dtype: dtype) -> AbstractContextManager[object]:
    """The mode in which models are called: torch's autocast, where they compute in bfloat16.

    A layer of `trmbench.nn` casts by itself; autocast casts for those of torch, such as
    `nn.Linear`. The `meta` device has none.
    """
    import torch

    if dtype != torch.bfloat16 or device.type == "meta":
        return nullcontext()
    return torch.autocast(device.type, dtype)


def initial_state(
    model: RecursiveModel, batch_size: int, dtype: dtype, draw: Draw | None = None
) -> State:
    """Return the state before the first supervision step, in the type of the computation.

    Args:
        model: the model.
        batch_size: how many puzzles.
        dtype: the type of the computation.
        draw: randomness, for a model whose states begin at random.
    """
    given = {"draw": draw} if takes(model.initial_state, "draw") else {}
    return tuple(part.to(dtype) for part in model.initial_state(batch_size, **given))


@dataclass(frozen=True)
class Context:
    """Everything that a model is built with apart from its options."""

    seed: int
    """The trial's seed; torch's global generator is already seeded from it when `build` runs."""
    device: device
    base: Any | None = None
    """The trained model of the cell named by `ModelSpec.base`, in evaluation mode; the first of
    several."""
    precision: str = "float32"
    """Type of the activations and of the carried state, such as "bfloat16" (`train.precision`)."""
    bases: Sequence[Any] = ()
    """All of them, cell by cell in the order that `ModelSpec.base` names, seed by seed in each."""

    def __post_init__(self) -> None:
        if self.bases and self.base is None:
            object.__setattr__(self, "base", self.bases[0])
        elif self.base is not None and not self.bases:
            object.__setattr__(self, "bases", (self.base,))
