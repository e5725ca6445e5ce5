"""Puzzles, answers and tasks.

Shapes: N puzzles, B puzzles of a batch, L tokens of a puzzle, S supervision steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from trmbench.spec.text import Writing

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor

Pairs: TypeAlias = "Sequence[tuple[np.ndarray, np.ndarray]]"
"""Solved examples, question and answer (L,) uint8 tokens each."""
IGNORED_LABEL = 0
"""Label token that has no loss and is not scored: every task's padding."""


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


class Question(NamedTuple):
    """A question that somebody wrote."""

    tokens: np.ndarray
    """(L,) uint8."""
    puzzle_identifier: int = 0
    """The row of the puzzle-embedding table, 0 = blank."""


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
    """The answers of a solver to a batch."""

    tokens: Tensor
    """(B, L) int64, the final answer."""
    confidence: Tensor
    """(B,) float32 in 0..1: the halting probability, or the solver's own measure."""
    tokens_by_step: Tensor | None = None
    """(S, B, L) the answer after each supervision step, if there are several."""
    steps: Tensor | None = None
    """(B,) int64 supervision steps done, where a puzzle may get fewer than all."""
    candidates: Tensor | None = None
    """(B, K, L) whole numbers, the answers of which the final one is one, in any order."""
    cost: Tensor | None = None
    """(B,) float64 floating-point operations of each answer, by the solver's own count; without
    it, those of one answer are counted by torch."""
    by_depth: Mapping[int, Answers] | None = None
    """The answers after some numbers of supervision steps, of a depth curve."""
    candidate_scores: Tensor | None = None
    """(B, K) floats, finite: the model's own measure of each candidate, higher is better."""
    abstained: Tensor | None = None
    """(B,) bool: the model gives no answer; the puzzle then counts as not solved."""


@dataclass(frozen=True)
class Predictions:
    """Answers to the puzzles of one table, as numpy arrays."""

    tokens: np.ndarray
    """(N, L) uint8."""
    confidence: np.ndarray
    """(N,) float32."""
    tokens_by_step: np.ndarray | None = None
    """(S, N, L) uint8."""
    steps: np.ndarray | None = None
    """(N,) int64 supervision steps done, where a puzzle may get fewer than all."""
    candidates: np.ndarray | None = None
    """(N, K, L) uint8, the answers that the final one was chosen from."""
    attempts: np.ndarray | None = None
    """(N, 2, L) uint8, the two answers with the most votes, where puzzles were voted on."""
    cost: np.ndarray | None = None
    """(N,) float64 floating-point operations of each answer, as the solver counts them."""
    by_depth: Mapping[int, Predictions] | None = None
    """The answers after some numbers of supervision steps, of a depth curve."""
    candidate_scores: np.ndarray | None = None
    """(N, K) float64, the model's own measure of each candidate, higher is better."""
    abstained: np.ndarray | None = None
    """(N,) bool, the puzzles to which the model gives no answer."""


@dataclass(frozen=True)
class Votes:
    """Augmented copies of test puzzles, and the way back."""

    table: PuzzleTable
    """One row per vote; `puzzle_ids` name the original puzzle."""
    restore: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """`restore(rows (M,), tokens (M, L)) -> tokens (M, L)` in the frame of the original puzzle."""
    demonstrations: Callable[[int], Pairs] | None = None
    """`demonstrations(row)`: those of the puzzle, augmented as this copy is; None = not known."""


@dataclass(frozen=True)
class Scores:
    """The result of `Task.score`."""

    per_puzzle: np.ndarray
    """(N,) float64 in 0..1, what the primary metric averages."""
    totals: Mapping[str, float] = field(default_factory=dict)
    """Further named figures of the whole table."""
    by_name: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Further scores per puzzle, (N,) in 0..1 each: `compare --metric NAME` compares them."""


@dataclass(frozen=True)
class TaskInfo:
    """Facts about a loaded task that models and reports need."""

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
    used_puzzle_identifiers: int | None = None
    """How many of them can occur, where some of the rows are spare; None = all."""
    pad_id: int = 0
    primary_metric: str = "exact_accuracy"
    """"valid_accuracy" where every right answer counts, or a name of the task's own score. Its
    beginning may say how the puzzles of a group count: "fractional_..." by their mean, as without
    any, "all_..." only if each has 1, "output_..." each for itself."""
    test_splits: tuple[str, ...] = ("test",)
    """The splits that are tested, "test" first: the others, such as larger puzzles, have rows and
    verdicts of their own next to it."""
    unit: str = "puzzle"
    """"puzzle", or "group" where one group has several test inputs."""
    symbols: tuple[int, ...] | None = None
    """Tokens that may be renamed: any permutation of them, in a question and its answer alike,
    leaves the answer right. () = none; None = the task does not say."""
    characters: Mapping[str, int] | None = field(default=None, hash=False)
    """The token of each character by which people write puzzles, the character that is written
    first where several stand for one token; None = they are written as numbers."""
    verifies_any_question: bool = True
    """Whether `verify` knows the rules: False where it knows the answers of its own data alone."""

    @property
    def writing(self) -> Writing:
        """How people write puzzles: by `characters`."""
        return Writing(self.title, self.grid_shape, self.vocab_size, self.characters)


class Task(Protocol):
    """A loaded task. Subclass it to inherit the defaults given here."""

    info: TaskInfo

    def split(self, name: str) -> PuzzleTable:
        """The puzzles of "train", "validation" (may be empty), "test" or another of
        `info.test_splits`, the same at every call."""
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

    def read(self, text: str) -> Sequence[Question]:
        """Read the questions, as a rule one, of a text as people write them.

        Raises:
            TrmbenchError: the text is none.
        """
        return [Question(self.info.writing.read(text))]

    def read_answers(self, texts: Sequence[str]) -> np.ndarray:
        """Read answers (N, L) uint8 as `write` writes them.

        Raises:
            TrmbenchError: a text is none.
        """
        return self.info.writing.read_answers(texts, asked_places(self))

    def write(self, answers: np.ndarray) -> list[str]:
        """Write answers (N, L) as people do, each in one line."""
        return self.info.writing.write(answers, asked_places(self))

    def has_one_answer(self, inputs: np.ndarray) -> np.ndarray | None:
        """Whether each question (N, L) has only one right answer, (N,) bool; None = not known."""
        return None

    def solutions(self, inputs: np.ndarray) -> np.ndarray | None:
        """How many right answers each question (N, L) has, (N,) int64, 0 where nobody counts them.

        Answers count as different if a token that is asked for differs; None = the task does not
        count them.
        """
        return None

    def render(self, tokens: np.ndarray) -> Any:
        """One grid (L,) as a rich renderable."""
        ...

    def render_answer(self, tokens: np.ndarray, label: np.ndarray) -> Any:
        """An answer (L,) as a rich renderable; where nothing is asked it shows the label."""
        shown = label.copy()
        asked = label != IGNORED_LABEL
        shown[asked] = tokens[asked]
        return self.render(shown)

    def demonstrations(self, puzzle_id: str) -> Pairs:
        """Solved examples that come with a puzzle, question and answer (L,); as a rule none."""
        return ()

    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        """Score per puzzle; by default 1 for a right answer, else 0.

        Every scored token must be right, or where the primary metric is `valid_accuracy` the
        answer must be any correct solution.
        """
        if self.info.primary_metric == "valid_accuracy":
            return Scores(self.verify(table.inputs, predictions.tokens).astype("float64"))
        right = (predictions.tokens == table.labels) | (table.labels == IGNORED_LABEL)
        return Scores(per_puzzle=right.all(axis=1).astype("float64"))

    def score_votes(
        self, table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
    ) -> Mapping[str, float | np.ndarray]:
        """Further named figures of a vote; shares named `figure@k` are shown as a table.

        An array (N,) has a score in 0..1 for each puzzle, as in `Scores.by_name`.
        `ballots` is a table of `votes` (`puzzle_ids` name the puzzle of `table`), `predictions`
        are its answers, restored to the frame of the puzzles.
        """
        return {}


def asked_places(task: Task) -> np.ndarray:
    """Find the places (L,) bool where an answer is asked for, in some test puzzle at least."""
    asked: np.ndarray = (task.split("test").labels != IGNORED_LABEL).any(axis=0)
    return asked
