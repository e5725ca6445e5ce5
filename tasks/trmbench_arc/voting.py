"""Test-time voting of ARC: the answers to a test input's variants, mapped back and counted.

The rules follow the public reference implementation of TRM (arXiv 2510.04871): every
prediction is cropped and mapped back to its task's own frame, an empty one included; equal ones
are counted; the most frequent come first, of equally frequent ones those with the higher mean
halting probability, of those the one predicted first. The reference has one scoring; three are
offered here (`trmbench_arc.scoring`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf, isqrt
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import torch

from trmbench import Predictions, PuzzleTable, TrmbenchError
from trmbench_arc.grids import COLOURS, PAD, decode, encode
from trmbench_arc.scoring import ATTEMPTS, SCORINGS, Scoring, checked, share
from trmbench_arc.submission import Submission, make_submission
from trmbench_arc.transform import restore
from trmbench_arc.variants import SEPARATOR

RUNGS = (1, 3, 10, 30, 100, 300, 1000)
"""Numbers of votes of the vote ladder."""
VOTES_AT = (1, 2, 5, 10, 100, 1000)
"""The k of vote@k that are reported."""
CHUNK = 512
"""Predictions mapped back at once, so that the work stays in the processor's cache."""


class Candidate(NamedTuple):
    """A distinct prediction for a test input."""

    tokens: bytes
    """Its (L,) uint8 tokens at the top left; padding throughout = no grid."""
    votes: int
    confidence: float
    """Mean halting probability of its votes."""

    @property
    def grid(self) -> np.ndarray:
        """(h, w) uint8, (0, 0) if it is none."""
        return decode(np.frombuffer(self.tokens, np.uint8))


class Tally:
    """The votes on one test input, in the order they come."""

    def __init__(self, truth: bytes | None) -> None:
        self.truth = truth
        self.votes = 0
        self.invalid = 0
        """Votes that spell no grid."""
        self.rank_after: dict[int, float] = {}
        """Per rung of the ladder, the truth's place (0 = first, inf = nobody gave it)."""
        self._counts: dict[bytes, list[float]] = {}

    def add(self, tokens: bytes, confidence: float, votes: int = 1) -> None:
        """Count a prediction."""
        entry = self._counts.setdefault(tokens, [0, 0.0])
        entry[0] += votes
        entry[1] += confidence * votes
        self.votes += votes
        if tokens[0] == PAD:  # a grid begins in the corner
            self.invalid += votes
        if self.votes in RUNGS:
            self.rank_after[self.votes] = self.rank()

    def ranked(self) -> list[Candidate]:
        """The distinct predictions, best first."""
        return sorted(self._candidates(), key=itemgetter(1, 2), reverse=True)

    def rank(self, rung: int | None = None) -> float:
        """The truth's place after the votes of a rung (all votes if there are fewer)."""
        if rung in self.rank_after:
            return self.rank_after[rung]
        if self.truth is None or self.truth not in self._counts:
            return inf
        count, total = self._counts[self.truth]
        truth = (count, total / count)
        candidates = list(self._candidates())
        earlier = takewhile(lambda one: one.tokens != self.truth, candidates)
        ties_before = sum(one[1:] == truth for one in earlier)
        return sum(one[1:] > truth for one in candidates) + ties_before

    def _candidates(self) -> Iterator[Candidate]:
        for tokens, (count, total) in self._counts.items():
            yield Candidate(tokens, int(count), total / count)


def tally_votes(table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions) -> list[Tally]:
    """Count the votes on each puzzle of a table; `ballots` name the puzzles of the predictions."""
    tallies = {
        puzzle_id: Tally(label.tobytes())
        for puzzle_id, label in zip(table.puzzle_ids.tolist(), table.labels, strict=True)
    }
    for start in range(0, len(ballots), CHUNK):
        part = slice(start, start + CHUNK)
        for puzzle_id, tokens, probability in zip(
            ballots.puzzle_ids[part].tolist(),
            predictions.tokens[part],
            predictions.confidence[part].tolist(),
            strict=True,
        ):
            tallies[puzzle_id].add(tokens.tobytes(), probability)
    return list(tallies.values())


@dataclass(frozen=True)
class VoteResult:
    """Votes on the test inputs of a set of ARC tasks."""

    tallies: Mapping[str, Sequence[Tally]]
    """Per task, one tally per test input."""

    def vote_at(self, k: int, scoring: Scoring = "fractional", votes: int | None = None) -> float:
        """Share solved by one of the first k candidates.

        Args:
            k: candidates that may be tried per test input.
            scoring: one of `trmbench_arc.scoring.SCORINGS`, or a former name.
            votes: a rung of the vote ladder: only so many first votes per test input.

        Raises:
            TrmbenchError: an unknown scoring or rung, or a test pair without solution.
        """
        scoring = checked(scoring)
        if votes is not None and votes not in RUNGS:
            raise TrmbenchError(f"the vote ladder has no rung {votes}", f"it has {RUNGS}")
        return share((_solved(*item, k, votes) for item in self.tallies.items()), scoring)

    def ladder(self, k: int = ATTEMPTS, scoring: Scoring = "all") -> dict[int, float]:
        """vote@k with 1, 3, 10, ... votes per test input, up to what there is."""
        most = max(tally.votes for tallies in self.tallies.values() for tally in tallies)
        return {rung: self.vote_at(k, scoring, rung) for rung in RUNGS if rung <= most}

    def totals(self) -> dict[str, float]:
        """Every vote@k in each scoring, the ladder of vote@2, and the votes that spell no grid."""
        figures: dict[str, float] = {}
        for scoring in SCORINGS:
            figures |= {f"{scoring}_vote@{k}": self.vote_at(k, scoring) for k in VOTES_AT}
            ladder = self.ladder(ATTEMPTS, scoring)
            figures |= {f"{scoring}_vote@{ATTEMPTS}_of_{n}": of for n, of in ladder.items()}
        return figures | {"invalid_votes": float(self.invalid_votes)}

    @property
    def invalid_votes(self) -> int:
        """Votes that spell no grid."""
        return sum(tally.invalid for tallies in self.tallies.values() for tally in tallies)

    def submission(self, attempts: int = ATTEMPTS) -> Submission:
        """The contest's file as a dictionary; the best candidate again where there are too few."""
        return make_submission(
            {
                task: [[one.grid for one in tally.ranked()[:attempts]] for tally in tallies]
                for task, tallies in self.tallies.items()
            },
            attempts,
        )


def vote(
    identifiers: Sequence[str],
    puzzle_identifiers: np.ndarray,
    inputs: np.ndarray,
    predictions: np.ndarray,
    halt_logits: np.ndarray,
    puzzles: Mapping[str, Any],
) -> VoteResult:
    """Count the predictions for the variants of test inputs.

    Args:
        identifiers: per puzzle identifier the variant's name, `task` or
            `task|||t<dihedral>|||<colour permutation>`; 0 is blank.
        puzzle_identifiers: (N,) integers; rows with 0 are left out.
        inputs: (N, L) tokens of the variants' test inputs, unshifted.
        predictions: (N, L) tokens.
        halt_logits: (N,).
        puzzles: the tested tasks in ARC's JSON layout.

    Returns:
        The votes; rows that answer no test input of `puzzles` are left out.

    Raises:
        TrmbenchError: arrays of different lengths, or an identifier without a well-formed name.
    """
    rows = {len(array) for array in (puzzle_identifiers, inputs, predictions, halt_logits)}
    if len(rows) > 1 or inputs.shape != predictions.shape or inputs.ndim != 2:
        shapes = ", ".join(str(array.shape) for array in (puzzle_identifiers, inputs, predictions))
        raise TrmbenchError(f"votes need one row per prediction, not {shapes}", "check the arrays")
    tallies, by_input = _open_tallies(puzzles, isqrt(inputs.shape[1]))
    confidence = torch.as_tensor(halt_logits).double().sigmoid().numpy()
    for rows_of, questions, answers in _restored(
        identifiers, np.asarray(puzzle_identifiers), inputs, predictions
    ):
        for row, question, answer in zip(rows_of, questions, answers, strict=True):
            task = identifiers[puzzle_identifiers[row]].partition(SEPARATOR)[0]
            for tally in by_input.get((task, question.tobytes()), ()):
                tally.add(answer.tobytes(), float(confidence[row]))
    return VoteResult(tallies)


def parse_identifier(name: str) -> tuple[int, tuple[int, ...]]:
    """The dihedral transform and the colour permutation in an identifier's name.

    Raises:
        TrmbenchError: neither `task` nor `task|||t<0..7>|||<permutation of 0123456789>`.
    """
    if SEPARATOR not in name:
        return 0, tuple(range(COLOURS))
    transform, permutation = name.split(SEPARATOR)[-2:]
    if transform in {f"t{number}" for number in range(8)} and sorted(permutation) == list(
        "0123456789"
    ):
        return int(transform[1]), tuple(map(int, permutation))
    raise TrmbenchError(
        f"puzzle identifier {name!r} names no variant", "task|||t<0..7>|||<permutation of 0..9>"
    )


def _restored(
    identifiers: Sequence[str], numbers: np.ndarray, inputs: np.ndarray, predictions: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows (M,) of non-blank predictions, with their inputs and predictions (M, L) mapped back."""
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(identifiers):
        raise TrmbenchError(
            f"puzzle identifiers run from {numbers.min()} to {numbers.max()}, "
            f"but {len(identifiers)} are named",
            "give the names of the same data set",
        )
    used, inverse = np.unique(numbers, return_inverse=True)
    variants = [parse_identifier(identifiers[number]) for number in used]
    dihedral = torch.tensor([number for number, _ in variants])
    colours = torch.tensor([permutation for _, permutation in variants])
    rows = np.flatnonzero(numbers)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        variant = torch.from_numpy(inverse[part])
        questions, answers = (
            restore(
                torch.from_numpy(np.array(tokens[part], np.uint8)),
                dihedral[variant],
                colours[variant],
            ).numpy()
            for tokens in (inputs, predictions)
        )
        yield part, questions, answers


def _open_tallies(
    puzzles: Mapping[str, Any], canvas: int
) -> tuple[dict[str, list[Tally]], dict[tuple[str, bytes], list[Tally]]]:
    """Empty tallies per task, and the same by task and test input.

    Equal test inputs of a task get each other's votes, as in the reference.
    """
    tallies: dict[str, list[Tally]] = {}
    by_input: dict[tuple[str, bytes], list[Tally]] = {}
    for task, puzzle in puzzles.items():
        tallies[task] = []
        for pair in puzzle["test"]:
            question = _tokens(pair["input"], canvas)
            output = pair.get("output")
            truth = None if output is None else _tokens(output, canvas)
            tallies[task].append(Tally(truth))
            by_input.setdefault((task, question), []).append(tallies[task][-1])
    return tallies, by_input


def _tokens(grid: Any, canvas: int) -> bytes:
    return encode(np.asarray(grid, np.uint8), canvas).tobytes()


def _solved(task: str, tallies: Sequence[Tally], k: int, votes: int | None) -> list[bool]:
    """Which test outputs of a task are among the first k candidates."""
    for number, tally in enumerate(tallies):
        if tally.truth is None:
            raise TrmbenchError(f"task {task}, test pair {number}: no solution to score against")
    return [tally.rank(votes) < k for tally in tallies]
