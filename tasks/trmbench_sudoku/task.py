"""Load, augment, verify and show Sudokus.

Tokens as in the released builders of HRM and TRM: pad 0, blank 1, digits 2 to n+1.
"""

from __future__ import annotations

import numpy as np
import torch
from rich.text import Text
from torch import Generator

from trmbench import (
    Batch,
    PuzzleFormat,
    Puzzles,
    PuzzleTable,
    PuzzleTask,
    Votes,
    make_splits,
    permutation_votes,
    published_puzzles,
)
from trmbench_sudoku.generate import generate
from trmbench_sudoku.options import SudokuOptions
from trmbench_sudoku.picture import draw
from trmbench_sudoku.rules import Rules, rules_of
from trmbench_sudoku.solve import count_solutions
from trmbench_sudoku.symmetry import Symmetries, fixed_keys, from_keys, random_keys

REPOSITORY = "sapientinc/sudoku-extreme"
BLANK = 1
DIGIT = 1
"""Token of a digit minus the digit."""
COUNTED_AT_ONCE, MOST_BRANCHES = 256, 4096
"""Puzzles whose solutions are counted together, and the branches of a search that goes on."""


class SudokuTask(PuzzleTask):
    """Sudokus of one size."""

    def __init__(self, splits: dict[str, PuzzleTable], source: str, options: SudokuOptions) -> None:
        size = options.size
        super().__init__(
            splits,
            title=f"Sudoku {size}x{size}",
            source=source,
            vocab_size=size + 2,
            grid_shape=(size, size),
            symbols=tuple(range(2, size + 2)),
            characters=_characters(size) | dict.fromkeys("_·", BLANK),
        )
        self._options = options
        self._rules = rules_of(size)

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Make a random symmetric copy of each puzzle, or one of its fixed variants."""
        if not self._options.augment:
            return batch
        symmetries = self._draw(batch, generator)
        return batch._replace(
            inputs=symmetries.apply(batch.inputs), labels=symmetries.apply(batch.labels)
        )

    def votes(self, count: int, seed: int) -> Votes:
        """Make `count` random symmetric copies of every test puzzle, the first unchanged."""
        table = self.split("test")
        generator = torch.Generator().manual_seed(seed)
        shape = (len(table), count)
        cells = np.empty((*shape, self.info.seq_len), np.uint8)
        tokens = np.empty((*shape, self.info.vocab_size), np.uint8)
        for copy in range(count):
            symmetries = from_keys(random_keys(len(table), self._rules, generator), self._rules)
            symmetries = symmetries.where(torch.tensor([copy > 0]))
            cells[:, copy], tokens[:, copy] = (part.numpy() for part in symmetries)
        return permutation_votes(table, cells, tokens)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the answers obey the rules and keep the clues."""
        return solves(inputs, answers, self._rules)

    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) int64: the grids that keep the clues; 0 where there are too many to count."""
        parts = np.array_split(inputs, max(1, -(-len(inputs) // COUNTED_AT_ONCE)))
        digits = np.uint16(1) << np.arange(self._rules.size, dtype=np.uint16)
        domains_of = np.concatenate([np.full(2, self._rules.full, np.uint16), digits])
        return np.concatenate(
            [count_solutions(domains_of[part].T, self._rules, MOST_BRANCHES) for part in parts]
        )

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,) with lines around the boxes."""
        return draw(tokens, self._rules)

    def _draw(self, batch: Batch, generator: Generator) -> Symmetries:
        count, variants = len(batch.rows), self._options.variants
        if not variants:
            return from_keys(random_keys(count, self._rules, generator), self._rules)
        # Variant 0 is the puzzle itself, as in the released builder.
        variant = torch.randint(
            variants + 1, (count,), generator=generator, device=generator.device
        )
        keys = fixed_keys(batch.rows, variant, self._options.data_seed, self._rules)
        return from_keys(keys, self._rules).where(variant > 0)


def load(options: SudokuOptions) -> SudokuTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: the files are missing or have bad content, or generation is impossible.
    """
    rules = rules_of(options.size)
    if options.origin == "generated":
        train_count, test_count = options.generated_counts
        puzzles = generate(train_count + test_count, options.size, options.clues, options.data_seed)
        encoded = Puzzles(puzzles.inputs + DIGIT, puzzles.labels + DIGIT)
        # The test puzzles come first, so that they are the same for any number to train on.
        test, train = encoded.select(slice(test_count)), encoded.select(slice(test_count, None))
        source = f"generated with {options.clues} clues, data seed {options.data_seed}"
    else:
        train, test, source = published_puzzles(options, REPOSITORY, _layout(rules))
    return SudokuTask(make_splits(train, test, options), source, options)


def solves(inputs: np.ndarray, answers: np.ndarray, rules: Rules) -> np.ndarray:
    """(N,) bool: which answers (N, L) solve their inputs (N, L)."""
    keeps_clues = ((inputs <= BLANK) | (inputs == answers)).all(axis=1)
    return np.asarray(keeps_clues & rules.solved(np.maximum(answers, DIGIT) - DIGIT))


def _layout(rules: Rules) -> PuzzleFormat:
    tokens = _characters(rules.size)
    digits = "".join(tokens)[2:]
    return PuzzleFormat(
        length=rules.size**2,
        question=f".0{digits}",
        answer=digits,
        tokens=tokens,
        faulty=lambda inputs, labels: ~solves(inputs, labels, rules),
        fault="the answer contradicts its clues or the rules of Sudoku",
    )


def _characters(size: int) -> dict[str, int]:
    """The token of each character of a file; a blank is written as a dot."""
    return {".": BLANK, "0": BLANK} | {str(n): n + DIGIT for n in range(1, size + 1)}
