"""ARC as a trmbench task: which pairs are trained and tested on, and how they are scored.

Protocol as published (TRM, arXiv 2510.04871, section 5; HRM, arXiv 2506.21734): train on all pairs
of the training tasks and on the demonstration pairs of the evaluation tasks, test on the
evaluation tasks' test inputs, each task variant with a puzzle identifier of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator

from trmbench import (
    Batch,
    Predictions,
    PuzzleTable,
    Question,
    Scores,
    Task,
    TaskInfo,
    TrmbenchError,
    Votes,
)
from trmbench_arc.augmentation import Augmentation
from trmbench_arc.copies import CHUNK, Copies
from trmbench_arc.drawing import draw
from trmbench_arc.fingerprint import fingerprint
from trmbench_arc.grids import VOCABULARY, encode
from trmbench_arc.identifiers import named_variants
from trmbench_arc.leakage import Leak
from trmbench_arc.options import ArcOptions
from trmbench_arc.reading import ArcTask
from trmbench_arc.rows import Row, make_table, split_rows, training_rows
from trmbench_arc.scoring import ATTEMPTS, SCORINGS, share
from trmbench_arc.selection import Selection, select
from trmbench_arc.text import laid, read_answer, read_inputs, write_grid
from trmbench_arc.transform import canonical
from trmbench_arc.variants import BLANK, Variants, derive
from trmbench_arc.verification import KnownAnswers
from trmbench_arc.voting import VOTES_AT, Tally, VoteResult, tally_votes


class Arc(Task):
    """A loaded ARC data set.

    Args:
        selection: the tasks to train and test on.
        options: `task.*`.
    """

    def __init__(self, selection: Selection, options: ArcOptions) -> None:
        self.canvas = options.canvas
        self.tasks: list[ArcTask] = [*selection.training, *selection.evaluation]
        self.overlap: list[Leak] = selection.overlap
        self.variants: Variants = (
            named_variants(self.tasks, options.identifiers)
            if options.identifiers
            else derive(self.tasks, options.variants)
        )
        self._first_evaluated = len(selection.training)
        self._rows = split_rows(selection, options.validation, options.seed)
        self._splits = {
            name: make_table(rows, self.canvas, self._identifiers(_tasks(rows)))
            for name, rows in self._rows.items()
        }
        pairs = np.bincount(_tasks(list(training_rows(selection))), minlength=len(self.tasks))
        self._augmentation = Augmentation(
            self._rows["train"], pairs, self.variants, self.canvas, options.shifts
        )
        test, *others = (self._splits[name] for name in ("test", "train", "validation"))
        self._known = KnownAnswers(test, others)
        self.info = TaskInfo(
            title=selection.title,
            source=selection.source,
            fingerprint=fingerprint(self._splits, self.variants, bool(options.identifiers)),
            vocab_size=VOCABULARY,
            seq_len=self.canvas**2,
            grid_shape=(self.canvas, self.canvas),
            num_puzzle_identifiers=self.variants.identifiers,
            used_puzzle_identifiers=1 + int(self.variants.counts.sum()),
            primary_metric=f"fractional_vote@{ATTEMPTS}",
            unit="group",
            verifies_any_question=False,
        )

    # --- puzzles ---

    def split(self, name: str) -> PuzzleTable:
        """The pairs of a split, unaugmented; see `trmbench.Task`."""
        return self._splits[name]

    def _identifiers(self, tasks: np.ndarray, variants: np.ndarray | int = 0) -> np.ndarray:
        return np.asarray(self.variants.numbers[tasks, variants], np.int32)

    @property
    def identifier_names(self) -> list[str]:
        """The name of every puzzle identifier, as `trmbench_arc.vote` wants them."""
        names = [BLANK] * self.variants.identifiers
        for row, task in enumerate(self.tasks):
            for variant, number in enumerate(self.variants.numbers[row]):
                if number:
                    names[number] = self.variants.name(task.name, row, variant)
        return names

    def demonstrations(self, puzzle_id: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """The demonstration pairs of a puzzle's ARC task, as (L,) tokens of input and output.

        Raises:
            TrmbenchError: no task of that name.
        """
        name = puzzle_id.rsplit("/", 2)[0]
        for task in self.tasks:
            if task.name == name:
                return [
                    (encode(pair.input, self.canvas), encode(pair.output, self.canvas))
                    for pair in task.train
                    if pair.output is not None
                ]
        raise TrmbenchError(f"no ARC task {name!r}", "puzzle ids look like 00576224/test/0")

    def read(self, text: str) -> list[Question]:
        """Read a grid, or a task with its test inputs, as JSON; see `trmbench_arc.text`.

        Raises:
            TrmbenchError: the text is none.
        """
        numbers = {task.name: int(self.variants.numbers[n, 0]) for n, task in enumerate(self.tasks)}
        return [
            Question(laid(grid, self.canvas), numbers[name] if name else 0)
            for name, grid in read_inputs(text, self.tasks)
        ]

    def read_answers(self, texts: Sequence[str]) -> np.ndarray:
        """Read output grids, as JSON.

        Raises:
            TrmbenchError: a text is none.
        """
        return np.stack([read_answer(text, self.canvas) for text in texts])

    def write(self, answers: np.ndarray) -> list[str]:
        """Write the grids that answers (N, L) spell, as JSON."""
        return [write_grid(tokens) for tokens in answers]

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """A random variant of each pair at a random place; see `Augmentation`."""
        return self._augmentation(batch, generator)

    # --- testing ---

    def votes(self, count: int, seed: int) -> Votes:
        """Up to `count` variants of every test input, the first the original; the others at random.

        A task with fewer distinct variants gets fewer votes.
        """
        test = self.split("test")
        tasks = _tasks(self._rows["test"])
        chosen = [self._choose(task, count, seed) for task in tasks]
        origin = np.repeat(np.arange(len(test)), [len(variants) for variants in chosen])
        task, variant = tasks[origin], np.concatenate([np.zeros(0, np.int64), *chosen])
        varied = self.variants.dihedral[task, variant], self.variants.colours[task, variant]
        copies = Copies(origin, *varied)
        pairs = [row.pair for row in self._rows["test"]]
        table = PuzzleTable(
            inputs=copies.of(test.inputs, [pair[0] for pair in pairs]),
            labels=copies.of(test.labels, [pair[1] for pair in pairs]),
            puzzle_identifiers=self._identifiers(task, variant),
            puzzle_ids=test.puzzle_ids[origin],
            groups=test.groups[origin],
        )

        def shown(row: int) -> list[tuple[np.ndarray, np.ndarray]]:
            return copies.pairs(row, self.demonstrations(str(table.puzzle_ids[row])))

        return Votes(table, copies.restored, shown)

    def _choose(self, task: int, count: int, seed: int) -> np.ndarray:
        """Variant numbers (K,) of a task, 0 first."""
        generator = np.random.default_rng([seed, int(task)])
        others = 1 + generator.permutation(int(self.variants.counts[task]) - 1)
        return np.concatenate([np.zeros(1, np.int64), others[: count - 1]])

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Whether each answer spells the output that the data give for its input."""
        pairs = zip(np.asarray(inputs), np.asarray(answers), strict=True)
        return np.array([self._known.accepts(*pair) for pair in pairs], bool)

    def render(self, tokens: np.ndarray) -> Any:
        """The grid in ARC's official colours."""
        return draw(tokens)

    def render_answer(self, tokens: np.ndarray, label: np.ndarray) -> Any:
        """The answer's own grid: its size is part of it."""
        return draw(tokens)

    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        """1 where an attempt, cropped, is the output; totals are vote@1 and vote@2 by each rule.

        Cropping is how the reference and the contest read an answer: what a model says outside of
        its grid does not count. Where nothing was voted on, there is one attempt.
        """
        attempts = predictions.attempts
        tried = predictions.tokens[:, None] if attempts is None else attempts[:, :ATTEMPTS]
        truth = _canonical(table.labels)
        right = np.stack(
            [(_canonical(answers) == truth).all(axis=1) for answers in tried.swapaxes(0, 1)]
        )
        solved = np.asarray(right.any(axis=0))
        members = [table.groups == name for name in np.unique(table.groups)]
        totals = {
            f"{scoring}_vote@{k}": share((by_k[each].tolist() for each in members), scoring)
            for k, by_k in ((1, right[0]), (ATTEMPTS, solved))
            for scoring in SCORINGS
        }
        return Scores(solved.astype(np.float64), totals, {"vote@1": right[0].astype(np.float64)})

    def score_votes(
        self, table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
    ) -> dict[str, float | np.ndarray]:
        """vote@k of each puzzle and by each rule, the vote ladder, and votes that spell no grid.

        Args:
            table: the tested puzzles.
            ballots: one row per vote, `puzzle_ids` naming the puzzle, in the order of `votes`.
            predictions: the votes in the puzzles' own frame, as `votes` restores them.
        """
        tallies = tally_votes(table, ballots, predictions)
        by_task: dict[str, list[Tally]] = {}
        for name, tally in zip(table.groups.tolist(), tallies, strict=True):
            by_task.setdefault(name, []).append(tally)
        places = np.array([tally.rank() for tally in tallies])
        solved = {f"vote@{k}": (places < k).astype(np.float64) for k in VOTES_AT if k > ATTEMPTS}
        return {**VoteResult(by_task).totals(), **solved}


def load(options: ArcOptions) -> Arc:
    """Read, check and prepare the data of `task.*`.

    Raises:
        TrmbenchError: faulty data or options, or test outputs that would be trained on.
    """
    return Arc(select(options), options)


def _tasks(rows: Sequence[Row]) -> np.ndarray:
    return np.array([row.task for row in rows], np.int64)


def _canonical(tokens: np.ndarray) -> np.ndarray:
    parts = np.array_split(np.asarray(tokens, np.uint8), max(1, -(-len(tokens) // CHUNK)))
    return np.concatenate([canonical(torch.tensor(part)).numpy() for part in parts])
