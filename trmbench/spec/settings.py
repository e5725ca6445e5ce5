"""The sections of the configuration that belong to the harness; standard library only.

The sections `task`, `model` and `runner` are declared by their plugins in the same way: a frozen
dataclass whose fields are the section's keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from trmbench.errors import TrmbenchError
from trmbench.spec.ranges import check_ranges, setting

MOST_STEPS = 1_000_000_000
MOST_PUZZLES = 1_000_000_000
LARGEST_BATCH = 1_000_000
TEN_YEARS = 10 * 365 * 24 * 3600
"""Seconds."""

UNHASHED_AT = "unhashed_at"
"""Key of a field's metadata: the value at which the setting is left out of the hash.

A setting that came when results were stored already names the value that means what was done
before, so that they keep their ids. Options of tasks and models may have it as well.
"""
NEVER_HASHED = "never_hashed"
"""Key of a field's metadata: True for a setting that changes no answer that a row tells."""


NAME_OF = "name_of"
"""Key of a field's metadata: the registry whose names the setting may have."""


@dataclass(frozen=True)
class TrainSettings:
    """How a model is trained. These change what is learned, so they are part of the cell's hash."""

    steps: int | None = setting(None, at_least=1, at_most=MOST_STEPS)
    """Training steps; None = from `epochs`."""
    epochs: int | None = setting(None, at_least=1, at_most=MOST_STEPS)
    """Passes over the training puzzles, one augmented variant of each per pass."""
    seconds: float | None = setting(None, above=0, at_most=TEN_YEARS, metadata={UNHASHED_AT: None})
    """Seconds that a model with a training loop of its own may take; None = no limit."""
    batch_size: int = setting(768, at_least=1, at_most=LARGEST_BATCH)
    """Puzzles of one training step."""
    optimizer: str = field(default="adam_atan2", metadata={NAME_OF: "optimizers"})
    """One of `trmbench list optimizers`."""
    learning_rate: float = setting(1e-4, at_least=0, at_most=10)
    """Learning rate after the warm-up."""
    warmup_steps: int = setting(2000, at_least=0, at_most=MOST_STEPS)
    """Steps of linear warm-up."""
    min_learning_rate_ratio: float = setting(1.0, at_least=0, at_most=1)
    """Cosine decay to this share of the learning rate; 1 = constant after the warm-up."""
    weight_decay: float = setting(1.0, at_least=0, at_most=1_000)
    """Decoupled decay of the weights, times the learning rate."""
    beta1: float = setting(0.9, at_least=0, below=1)
    """Decay of the gradient's average."""
    beta2: float = setting(0.95, at_least=0, below=1)
    """Decay of the squared gradient's average."""
    puzzle_learning_rate: float = setting(1e-4, at_least=0, at_most=10)
    """Learning rate of the puzzle embeddings (sign-SGD)."""
    puzzle_weight_decay: float = setting(1.0, at_least=0, at_most=1_000)
    """Weight decay of the puzzle embeddings."""
    ema: float = setting(0.999, at_least=0, below=1)
    """Decay of the exponential moving average of the weights that is tested; 0 = none."""
    halting: bool = True
    """Whether a puzzle gives up its slot once the model says it is solved."""
    halt_exploration: float = setting(0.1, at_least=0, at_most=1)
    """Share of puzzles that may not halt before a random step in 2..N_sup; with a model that halts
    at random, share of puzzles that halt at each step."""
    clip: float = setting(0.0, at_least=0, at_most=1e9, metadata={UNHASHED_AT: 0.0})
    """Largest norm of the gradient of all weights, which is scaled down to it; 0 = any."""
    loss: Literal["stable_max", "softmax"] = "stable_max"
    """Cross-entropy of the answer's tokens: after HRM's stable-max, or after the softmax."""
    label_smoothing: float = setting(0.0, at_least=0, at_most=1, metadata={UNHASHED_AT: 0.0})
    """Share of a token's target that is spread evenly over the vocabulary."""
    step_weights: float = setting(1.0, above=0, at_most=1, metadata={UNHASHED_AT: 1.0})
    """Weight of a puzzle's losses at each supervision step, as a share of the step before."""
    loss_weights: Mapping[str, float] = field(default_factory=dict, metadata={UNHASHED_AT: {}})
    """Weights of a model's further losses by name: `train.loss_weights.NAME`; 1 if not set."""
    precision: Literal["float32", "bfloat16", "float64"] = "float32"
    """Type of the activations and of the carried state; weights stay float32."""
    select: Literal["last", "validation"] = field(default="last", metadata={UNHASHED_AT: "last"})
    """Which weights of the training are tested: the last ones, or the ones that answered the
    puzzles best that the task holds out (`task.validation`). Never by the test puzzles."""
    evaluate_every: int | None = setting(
        None, at_least=1, at_most=MOST_STEPS, metadata={UNHASHED_AT: None}
    )
    """Training steps between two weights to select from; None = 20 in all."""
    threads: int = setting(1, at_least=1, at_most=1_024)
    """CPU threads of a trial; they can change the last bits of its numbers."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for a number out of its range, or one that does nothing."""
        check_ranges("train", self)
        if self.evaluate_every is not None and self.select == "last":
            raise TrmbenchError(
                "train.evaluate_every says how often weights are looked at to select from them",
                "add --set train.select=validation, or leave it out",
            )


@dataclass(frozen=True)
class EvaluationSettings:
    """How a trained model is tested. Has a hash of its own: testing again needs no new training."""

    split: str = "test"
    """The puzzles that are tested: "train" shows, unaugmented, how well they were learned;
    "validation" are training puzzles that the task holds out (`task.validation`)."""
    limit: int | None = setting(None, at_least=1, at_most=MOST_PUZZLES)
    """At most this many of them; None = all."""
    subset: Literal["stratified", "first"] = field(
        default="stratified", metadata={UNHASHED_AT: "first"}
    )
    """Which of them where there is a limit: a seeded sample of easy and hard ones in their shares,
    the same for every model, or the first ones."""
    votes: int = setting(1, at_least=1, at_most=100_000)
    """Augmented copies of each test puzzle that vote on its answer."""
    steps: int | None = setting(None, at_least=1, at_most=100_000)
    """Supervision steps; None = as many as in training."""
    depth: int | None = setting(None, at_least=1, at_most=100_000, metadata={NEVER_HASHED: True})
    """Supervision steps at which the depth curve ends: accuracy after 1, 2, 4, ... of them. The
    answer that counts is the one after `steps`. None = `steps`, at preset `mini` four times as many
    as in training."""
    identifiers: Literal["own", "blank", "shuffled"] = "own"
    """Puzzle identifiers shown to the model: how much does an answer owe to them?"""
    weights: Literal["ema", "raw"] = "ema"
    """Which weights are tested; "ema" means raw ones where no average was kept."""
    checkpoint: Literal["selected", "last"] = field(
        default="selected", metadata={UNHASHED_AT: "selected"}
    )
    """Which weights of the training are tested: the ones that `train.select` chose, or the last."""
    batch_size: int = setting(256, at_least=1, at_most=LARGEST_BATCH)
    """Puzzles that are tested at a time."""
    early_exit: int | None = setting(
        None, at_least=0, at_most=100_000, metadata={UNHASHED_AT: None}
    )
    """Leave out a puzzle, 0: once its state no longer changes, so that nothing after it can; K:
    once its answer was the same and its halting logit positive in K steps on end, an
    approximation. None = every puzzle gets all steps."""

    answers: str | None = field(default=None, metadata={UNHASHED_AT: None})
    """The id of an evaluation of the same trial, whose stored answers are scored by the labels of
    today; None = the model answers."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for a number out of its range."""
        check_ranges("evaluation", self)

    @classmethod
    def told(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Read a stored trial's settings; before there were samples, a limit took the first."""
        return {**({} if values.get("limit") is None else {"subset": "first"}), **values}


@dataclass(frozen=True)
class ExecutionSettings:
    """The place and the way of executing trials. Recorded, never hashed."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device that trains and tests; "auto" takes a GPU where there is one."""
    compile: bool | Literal["graphs"] = False
    """Use `torch.compile` for the steps of training, and for those of tests without early exit.
    "graphs", on CUDA GPUs, has the training step recorded as CUDA graphs besides: the host then
    starts no kernel of it by itself."""
    max_parallel: int | None = setting(None, at_least=1, at_most=10_000)
    """Trials side by side; None = as many as the cores or GPUs allow."""
    time_budget: float | None = setting(None, at_least=0, at_most=TEN_YEARS)
    """Seconds after which no further trial is started; None = no limit."""
    checkpoint_every: float = setting(60.0, at_least=0, at_most=TEN_YEARS)
    """Seconds between checkpoints of a running trial."""
    micro_batch: int | None = setting(None, at_least=1, at_most=LARGEST_BATCH)
    """Puzzles whose gradients are computed at a time; None = the whole batch. Less takes less
    memory, and changes the last bits of the numbers."""
    activation_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them. Takes less memory
    and up to a third more time, and changes no number."""
    log_every: int | None = setting(None, at_least=1, at_most=MOST_STEPS)
    """Training steps between two points of the learning curve; None = 100, or 20 points in all."""
    settings_tried: int | None = setting(None, at_least=1, at_most=MOST_STEPS)
    """Settings that were tried on held-out puzzles before these were chosen, such as by `trmbench
    tune`; None = nobody told."""
    stack_seeds: bool = False
    """Train the seeds of a cell in one process as one computation, with the threads of all; equal
    to separate trials within rounding."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for a number out of its range and for what excludes each other."""
        check_ranges("execution", self)
        if self.stack_seeds and (self.micro_batch or self.activation_checkpointing):
            raise TrmbenchError(
                "stacked seeds are trained without micro-batches and activation checkpointing",
                "leave out --stack-seeds, or what saves memory",
            )

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """Read the settings of a stored trial, leaving out keys that left this section since."""
        names = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in names})


CORE_SECTIONS: dict[str, type] = {
    "train": TrainSettings,
    "evaluation": EvaluationSettings,
    "execution": ExecutionSettings,
}
SECTIONS = ("task", "model", *CORE_SECTIONS, "runner")
