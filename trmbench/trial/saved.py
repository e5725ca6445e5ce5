"""Stored trials answer puzzles of their user.

Shapes: N puzzles, S supervision steps, L tokens of a puzzle.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trmbench.config.stored import require_known_settings
from trmbench.errors import TrmbenchError
from trmbench.evaluation.answers import predict
from trmbench.evaluation.demonstrations import shown
from trmbench.evaluation.predictions import joined
from trmbench.evaluation.voting import count_votes
from trmbench.spec import Predictions, PuzzleTable, Question, Solver, Task, Trial
from trmbench.spec.trials import split_of
from trmbench.store import Store
from trmbench.store.final import has_final
from trmbench.trial.build import TrialParts
from trmbench.trial.solver import solver_of
from trmbench.trial.weights import trained_parts


@dataclass(frozen=True, eq=False)
class Solution:
    """The answer to one puzzle."""

    question: np.ndarray
    """(L,) uint8 tokens."""
    answer: np.ndarray
    """(L,) uint8 tokens."""
    text: str
    """The answer as people write it, in one line."""
    confidence: float
    """0..1 that the answer is right, by the model; of several trials the share that gave it."""
    valid: bool | None
    """Whether it solves the puzzle; None where only the answers of the task's data are known."""
    seconds: float
    """Time that the answer took, of several trials together; an equal share of a batch's."""
    steps: np.ndarray | None
    """(S, L) uint8 tokens after each supervision step, of a single trial."""
    trials: int
    """How many trials were asked."""
    abstained: bool = False
    """Whether the model gives no answer, or none of the trials does."""

    def record(self) -> dict[str, Any]:
        """The solution in plain values, as JSON has them."""
        return {
            "answer": self.text,
            "confidence": self.confidence,
            "valid": self.valid,
            "seconds": self.seconds,
            "trials": self.trials,
            "abstained": self.abstained,
            "question_tokens": self.question.tolist(),
            "answer_tokens": self.answer.tolist(),
        }


class SavedModel:
    """Trained trials of one cell, of which the answer counts that most of them give.

    Args:
        parts: the trials, each with its final weights.
        solvers: who answers for each; None = its model.
    """

    def __init__(
        self, parts: Sequence[TrialParts], solvers: Sequence[Solver] | None = None
    ) -> None:
        self.parts = parts
        self._solvers = solvers or [solver_of(each) for each in parts]

    @property
    def task(self) -> Task:
        """The task that it was trained on."""
        return self.parts[0].task

    @property
    def title(self) -> str:
        """For people: the model, its task, and which seeds."""
        trial, seeds = self.parts[0].trial, ", ".join(str(each.trial.seed) for each in self.parts)
        return f"{trial.cell_label or trial.model} {trial.task} seed {seeds}"

    def read(self, text: str) -> list[Question]:
        """Read the puzzles of a text: one, or where it is none, one in each line.

        Raises:
            TrmbenchError: it is neither.
        """
        try:
            return list(self.task.read(text))
        except TrmbenchError as error:
            lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
            if len(lines) < 2 or not any(self._is_puzzle(line) for _, line in lines):
                raise error
        return [question for number, line in lines for question in self._in_line(number, line)]

    def _is_puzzle(self, text: str) -> bool:
        try:
            return bool(self.task.read(text))
        except TrmbenchError:
            return False

    def _in_line(self, number: int, line: str) -> Sequence[Question]:
        try:
            return self.task.read(line)
        except TrmbenchError as error:
            raise TrmbenchError(f"line {number}: {error.message}", error.hint) from None

    def solve(self, puzzles: str | np.ndarray | Iterable[str | Question]) -> list[Solution]:
        """Answer puzzles.

        Args:
            puzzles: a text of one puzzle or of one per line; texts of a puzzle each; or tokens
                (N, L).

        Raises:
            TrmbenchError: a puzzle is none of the task's.
        """
        questions = self._questions(puzzles)
        if not questions:
            raise TrmbenchError("there is no puzzle", f"{self.task.info.title} is asked for")
        table = _table(questions)
        started = time.perf_counter()
        given = [
            self._answered(*pair, table) for pair in zip(self.parts, self._solvers, strict=True)
        ]
        seconds = (time.perf_counter() - started) / len(questions)
        chosen = given[0] if len(given) == 1 else _voted(self.task, table, given)
        return self._solutions(table, chosen, seconds)

    def _questions(self, puzzles: str | np.ndarray | Iterable[str | Question]) -> list[Question]:
        if isinstance(puzzles, str):
            return self.read(puzzles)
        if isinstance(puzzles, np.ndarray):
            wanted = (len(puzzles), self.task.info.seq_len)
            if puzzles.shape != wanted or not (puzzles < self.task.info.vocab_size).all():
                raise TrmbenchError(
                    f"the puzzles are an array {puzzles.shape}", f"tokens {wanted} are asked for"
                )
            return [Question(tokens.astype(np.uint8)) for tokens in puzzles]
        read = ([each] if isinstance(each, Question) else self.read(each) for each in puzzles)
        return [question for several in read for question in several]

    def _answered(self, parts: TrialParts, solver: Solver, table: PuzzleTable) -> Predictions:
        torch.set_num_threads(parts.train.threads)
        asked = shown(solver, lambda row: ())  # a question from outside comes without any
        return predict(asked, table, parts.evaluation.batch_size, parts.streams, parts.device)

    def _solutions(self, table: PuzzleTable, chosen: Predictions, seconds: float) -> list[Solution]:
        valid, texts = self.task.verify(table.inputs, chosen.tokens), self.task.write(chosen.tokens)
        knows, steps = self.task.info.verifies_any_question, chosen.tokens_by_step
        return [
            Solution(
                question=table.inputs[row],
                answer=chosen.tokens[row],
                text=texts[row],
                confidence=float(chosen.confidence[row]),
                valid=bool(valid[row]) if knows or valid[row] else None,
                seconds=seconds,
                steps=None if steps is None else steps[:, row],
                trials=len(self.parts),
                abstained=bool(chosen.abstained is not None and chosen.abstained[row]),
            )
            for row in range(len(table))
        ]


def _table(questions: Sequence[Question]) -> PuzzleTable:
    inputs = np.stack([question.tokens for question in questions])
    names = np.array([str(number) for number in range(len(questions))])
    identifiers = np.array([question.puzzle_identifier for question in questions], np.int32)
    return PuzzleTable(inputs, np.zeros_like(inputs), identifiers, names, names)


def _voted(task: Task, table: PuzzleTable, given: Sequence[Predictions]) -> Predictions:
    """The answers that most trials give."""
    rows = np.tile(np.arange(len(table)), len(given))
    return count_votes(task, table, table.select(rows), joined(given))[0]


def load_model(
    trial: str,
    results: str | Path = "results",
    *,
    all_seeds: bool = False,
    depth: int | None = None,
    device: str = "auto",
) -> SavedModel:
    """Load a trained trial, to answer puzzles with it.

    Args:
        trial: the beginning of its id, or of a cell's id for all seeds of that cell.
        results: the results folder, or its URL in an object store.
        all_seeds: have all trained seeds of the trial's cell vote.
        depth: supervision steps; None = as the trial was tested.
        device: "cpu", "cuda", "mps", or "auto" for a GPU where there is one.

    Raises:
        TrmbenchError: there is no such trial, it is not trained, or it cannot be used here.
    """
    store = Store(results, warnings.warn)
    trials = [_to_solve(each, depth, device) for each in find_trained(store, trial, all_seeds)]
    return SavedModel([trained_parts(each) for each in trials])


def find_trained(store: Store, start: str, all_seeds: bool = False) -> list[Trial]:
    """Find a trained trial, or all of its cell, by the beginning of an id.

    Raises:
        TrmbenchError: there is none, or several have that beginning.
    """
    rows = store.trials()
    cells = {row["cell_id"] for row in rows if row["cell_id"].startswith(start)}
    if len(cells) == 1 and not any(row["trial_id"].startswith(start) for row in rows):
        cell, all_seeds = cells.pop(), True
    else:
        cell = (one := store.find_trial(start)[0])["cell_id"]
    firsts: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["seed"], split_of(row) != "test")):
        if row["cell_id"] == cell and (all_seeds or row["trial_id"] == one["trial_id"]):
            firsts.setdefault(row["trial_id"], row)
    trained = [row for key, row in firsts.items() if has_final(store.checkpoints(key))]
    if not trained:
        raise TrmbenchError(f"{start!r} has no final weights in {store.root}", "run it to its end")
    return [store.trial_of(row) for row in trained]


def _to_solve(trial: Trial, depth: int | None, device: str) -> Trial:
    """The trial on a device that is here, without a depth curve."""
    require_known_settings(trial)
    evaluation = {**trial.config["evaluation"], "depth": 1}
    if depth is not None:
        evaluation["steps"] = depth
    execution = {**trial.config["execution"], "device": device}
    return replace(trial, config={**trial.config, "evaluation": evaluation, "execution": execution})
