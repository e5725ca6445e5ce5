"""Models that bring a training loop of their own, and what the harness gives to it.

Shapes: B puzzles of a batch, N of a table, L tokens of a puzzle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor, device

    from trmbench.spec.puzzles import Answers, Batch, PuzzleTable, TaskInfo
    from trmbench.spec.settings import TrainSettings

Weights: TypeAlias = "Mapping[str, Tensor | np.ndarray]"
"""What was learned, by name."""


class TrainingData(Protocol):
    """The training puzzles of a trial."""

    info: TaskInfo
    table: PuzzleTable
    """All of them, not augmented."""
    validation: PuzzleTable
    """Those that `task.validation` holds out; there may be none."""

    def batches(self, size: int, start: int = 0) -> Iterator[Batch]:
        """Yield augmented batches without end, on the trial's device.

        A batch is a function of the trial's seed and its number: one that goes on from number
        `start` gets what an uninterrupted training would.

        Args:
            size: puzzles of a batch; an epoch has every puzzle once.
            start: the number of the first batch.
        """
        ...


class Session(Protocol):
    """The harness's side of a training that a model does by itself."""

    seed: int
    """Seed of the trial; torch's global generator is seeded from it as well."""
    device: device
    settings: TrainSettings
    """The section `train`; only what the model asks of it has an effect."""
    threads: int
    steps: int | None
    """Training steps wanted (`train.steps`, or from `train.epochs`); None where neither is set."""
    deadline: float | None
    """The reading of `time.monotonic()` at which the training should end (`train.seconds`)."""

    def should_stop(self) -> bool:
        """True once the training is to be left: save a checkpoint, then return from `fit`."""
        ...

    def checkpoint(self, step: int, state: Weights) -> None:
        """Offer a checkpoint; it is written when the last one is old, or when asked to stop.

        Args:
            step: number of the training step, or of what the model takes for one; it only grows.
            state: all that `fit` goes on from.

        Raises:
            TrmbenchError: the state is not tensors or arrays by name, or not finite.
        """
        ...

    def restore(self) -> tuple[int, dict[str, Tensor]] | None:
        """Return step and state of the last checkpoint of an interrupted training, on the CPU."""
        ...

    def log(self, step: int, **figures: float) -> None:
        """Add a point to the learning curve.

        Args:
            step: number of the training step.
            figures: `loss`, `exact_accuracy`, `cell_accuracy`, `learning_rate`, or any other name;
                `flops` are the floating-point operations of the training so far, for the row.

        Raises:
            TrmbenchError: a figure is not finite.
        """
        ...


@runtime_checkable
class SelfTraining(Protocol):
    """A model whose training is its own: an evolutionary search, a classifier, another framework.

    It is built, trained and tested in one process. Its answers are those of a new instance that was
    given the stored state, so that nothing counts which is not stored.
    """

    def fit(self, data: TrainingData, session: Session) -> None:
        """Train, from `session.restore()` if there is something to go on from."""
        ...

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer a batch. `batch.labels` is padding throughout: the answer is never shown."""
        ...

    def state_dict(self) -> Weights:
        """Return all that was learned."""
        ...

    def load_state_dict(self, state: Mapping[str, Tensor]) -> object:
        """Take over what `state_dict` returned, as tensors on the CPU."""
        ...
