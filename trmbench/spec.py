"""The contracts between the harness and its plugins; standard library only.

A plugin describes what it offers with a spec (`ModelSpec`, `TaskSpec`, `RunnerSpec`). Specs are
read when models are listed, so the module that defines one must stay light: `build`, `load` and
`create` import torch or numpy when they are called, not before.

Shapes: N puzzles, B puzzles of a batch, L tokens of a puzzle, V tokens of the vocabulary,
S supervision steps.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor, device

IGNORED_LABEL = 0
"""Label token that has no loss and is not scored: every task's padding."""


# --- puzzles ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PuzzleTable:
    """Puzzles of one split, one row each, as numpy arrays."""

    inputs: np.ndarray
    """(N, L) uint8 tokens of the question."""
    labels: np.ndarray
    """(N, L) uint8 tokens of the answer; `IGNORED_LABEL` where nothing is asked."""
    puzzle_identifiers: np.ndarray
    """(N,) int32 rows of the puzzle-embedding table, 0 = blank."""
    puzzle_ids: np.ndarray
    """(N,) str, stable names of the puzzles across machines and versions."""
    groups: np.ndarray
    """(N,) str, the unit of analysis a puzzle belongs to: as a rule its own puzzle_id."""

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, rows: np.ndarray | slice) -> PuzzleTable:
        """The table of the given rows, in the given order."""
        return PuzzleTable(
            self.inputs[rows],
            self.labels[rows],
            self.puzzle_identifiers[rows],
            self.puzzle_ids[rows],
            self.groups[rows],
        )


class Batch(NamedTuple):
    """Puzzles on the device where the model runs."""

    inputs: Tensor
    """(B, L) int64 tokens."""
    labels: Tensor
    """(B, L) int64 tokens."""
    puzzle_identifiers: Tensor
    """(B,) int64."""
    rows: Tensor
    """(B,) int64, the puzzles' rows in the table of their split."""


@dataclass(frozen=True)
class Answers:
    """What a solver says about a batch."""

    tokens: Tensor
    """(B, L) int64, the final answer."""
    confidence: Tensor
    """(B,) float32 in 0..1: the halting probability, or the solver's own measure."""
    tokens_by_step: Tensor | None = None
    """(S, B, L) the answer after each supervision step, if there are several."""


@dataclass(frozen=True)
class Predictions:
    """Answers to the puzzles of one table, as numpy arrays."""

    tokens: np.ndarray
    """(N, L) uint8."""
    confidence: np.ndarray
    """(N,) float32."""
    tokens_by_step: np.ndarray | None = None
    """(S, N, L) uint8."""


@dataclass(frozen=True)
class Votes:
    """Augmented copies of test puzzles, and the way back."""

    table: PuzzleTable
    """One row per vote; `puzzle_ids` name the original puzzle."""
    restore: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """`restore(rows (M,), tokens (M, L)) -> tokens (M, L)` in the frame of the original puzzle."""


@dataclass(frozen=True)
class Scores:
    """The result of `Task.score`."""

    per_puzzle: np.ndarray
    """(N,) float64 in 0..1, what the primary metric averages."""
    totals: Mapping[str, float] = field(default_factory=dict)
    """Further named figures of the whole table."""


# --- tasks --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaskInfo:
    """What a model and a report need to know about a loaded task."""

    title: str
    source: str
    """Where the puzzles come from, for people: a file, a data set's name, a generator."""
    fingerprint: str
    """Hash of every puzzle of every split."""
    vocab_size: int
    seq_len: int
    grid_shape: tuple[int, int]
    """Rows and columns of the grid that the L tokens spell, row by row."""
    num_puzzle_identifiers: int = 1
    """Rows of the puzzle-embedding table, the blank one included."""
    pad_id: int = 0
    primary_metric: str = "exact_accuracy"
    unit: str = "puzzle"
    """"puzzle", or "group" where one group has several test inputs."""


class Task(Protocol):
    """A loaded task. Subclass it to inherit the defaults given here."""

    info: TaskInfo

    def split(self, name: str) -> PuzzleTable:
        """The puzzles of "train", "validation" (may be empty) or "test", the same at every call."""
        ...

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Transform training puzzles at random, vectorised, on the batch's device."""
        return batch

    def votes(self, count: int, seed: int) -> Votes:
        """`count` augmented copies of every test puzzle, the first of each unchanged."""
        return Votes(self.split("test"), lambda rows, tokens: tokens)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Whether each answer (N, L) is *a* correct solution of its input (N, L); (N,) bool."""
        ...

    def render(self, tokens: np.ndarray) -> Any:
        """One grid (L,) as a rich renderable."""
        ...

    def render_answer(self, tokens: np.ndarray, label: np.ndarray) -> Any:
        """An answer (L,) as a rich renderable; where nothing is asked it shows the label."""
        shown = label.copy()
        asked = label != IGNORED_LABEL
        shown[asked] = tokens[asked]
        return self.render(shown)

    def demonstrations(self, puzzle_id: str) -> Sequence[tuple[np.ndarray, np.ndarray]]:
        """Solved examples that come with a puzzle, question and answer (L,); as a rule none."""
        return ()

    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        """Score per puzzle; by default 1 where every scored token is right, else 0."""
        right = (predictions.tokens == table.labels) | (table.labels == IGNORED_LABEL)
        return Scores(per_puzzle=right.all(axis=1).astype("float64"))

    def score_votes(
        self, table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
    ) -> Mapping[str, float]:
        """Further named figures of a vote; shares named `figure@k` are shown as a table.

        `ballots` is a table of `votes` (`puzzle_ids` name the puzzle of `table`), `predictions`
        are its answers, restored to the frame of the puzzles.
        """
        return {}


@dataclass(frozen=True)
class Preset:
    """A named set of values for a task's or a model's options and for the training protocol."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Values of the spec's own options (`task.*` or `model.*`)."""
    train: Mapping[str, Any] = field(default_factory=dict)
    """Values of `train.*`."""
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    """Values of `evaluation.*`."""
    for_task: Mapping[str, Preset] = field(default_factory=dict)
    """In a model's preset: what differs for the task of that name."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin that has none."""


@dataclass(frozen=True)
class TaskSpec:
    """A task that can be loaded.

    `options` is a frozen dataclass whose fields are the keys of `task.*`, with types and defaults;
    `load` gets an instance of it and raises `TrmbenchError` on bad data.
    """

    name: str
    title: str
    presets: Mapping[str, Preset]
    load: Callable[[Any], Task]
    revision: int = 1
    """Raise it whenever the same options give other puzzles or other scores."""
    options: type = NoOptions


# --- models -------------------------------------------------------------------------------------


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
    """What a model is built with besides its options."""

    seed: int
    """The trial's seed; torch's global generator is already seeded from it when `build` runs."""
    device: device
    base: Any | None = None
    """The trained model of the cell named by `ModelSpec.base`, same seed, in evaluation mode."""


@dataclass(frozen=True)
class BaseCell:
    """The cell that a model builds upon: the same task, data and seed, another model.

    What a file or the command line changed of `train.*` holds for it as well.
    """

    model: str
    preset: str | None = None
    """The preset of the model that builds upon it, unless named."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Dotted keys, as in `--set`."""


@dataclass(frozen=True)
class ReferenceWeights:
    """Exchange of weights with a model's public reference implementation, in its names.

    State dicts map names to tensors; `config` holds the reference's own settings.
    """

    load: Callable[[Mapping[str, Any], Mapping[str, Tensor]], RecursiveModel]
    """`load(config, state_dict)`: a model with these weights, in their dtype."""
    export: Callable[[Any], tuple[dict[str, Any], dict[str, Tensor]]]
    """`export(model) -> (config, state_dict)`, without prefixes."""
    describe: Callable[[Mapping[str, Tensor]], dict[str, Any]]
    """What the weights alone tell of the architecture, by option (`model.layers`) or in words."""

    @classmethod
    def of_module(cls, name: str) -> ReferenceWeights:
        """The `load_`, `export_` and `describe_reference` of a module, imported when used."""

        def function(verb: str) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                return getattr(importlib.import_module(name), f"{verb}_reference")(
                    *arguments, **named
                )

            return call

        return cls(function("load"), function("export"), function("describe"))


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be built.

    `options` is a frozen dataclass whose fields are the keys of `model.*`; `build` gets an
    instance of it, the task's `TaskInfo` and a `Context`, and returns a `Solver` or a
    `RecursiveModel`. A model without presets serves every preset with its options' defaults.
    """

    name: str
    title: str
    presets: Mapping[str, Preset]
    build: Callable[[Any, TaskInfo, Context], Any]
    revision: int = 1
    """Raise it whenever the same options give other numbers."""
    base: Callable[[Any], BaseCell] | None = None
    options: type = NoOptions
    reference: ReferenceWeights | None = None
    """For `trmbench checkpoint`, where there is a public reference implementation."""


# --- trials and runners -------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """One cell with one seed, resolved: what a runner hands to `trmbench.run_trial`."""

    trial_id: str
    cell_id: str
    evaluation_id: str
    model: str
    task: str
    preset: str
    seed: int
    config: Mapping[str, Mapping[str, Any]]
    """The five sections: task, model, train, evaluation, execution."""
    overrides: Mapping[str, Any]
    """What differs from the preset in what is learned, by dotted key."""
    results: str
    """The results folder."""
    cell_label: str | None = None
    """What a study calls the cell; for people, never hashed."""

    @property
    def name(self) -> str:
        """Trial and evaluation: what its files in the store are called."""
        return f"{self.trial_id}-{self.evaluation_id}"

    @property
    def label(self) -> str:
        """For people: model (or row of a study), task and seed."""
        return f"{self.cell_label or self.model} {self.task} seed {self.seed}"


@dataclass(frozen=True)
class TrialEvent:
    """Progress of a running trial."""

    trial_id: str
    phase: str
    """"train" or "test"."""
    step: int
    total: int
    loss: float | None = None
    accuracy: float | None = None
    """Exact accuracy of what was just trained or tested on."""
    steps_per_second: float | None = None
    message: str | None = None
    """A line for the user."""


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended; its rows are in the store by then."""

    trial_id: str
    status: str
    """"finished", "failed", "interrupted", or "claimed" by another process that does it."""
    error: str | None = None
    """Why it failed, in one line."""
    traceback: str | None = None
    """Where it failed, for `--debug`."""


class Runner(Protocol):
    """Executes trials."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        """Yield each trial's result as it ends; a failed trial stops no other.

        Trials are taken one by one, when there is room for the next. When the generator is closed
        or an exception is thrown into it, running trials are asked to stop.
        """
        ...


@dataclass(frozen=True)
class RunnerSpec:
    """A runner; `create` gets the `execution` section of the configuration."""

    name: str
    title: str
    create: Callable[[Mapping[str, Any]], Runner]
