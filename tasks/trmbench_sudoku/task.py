"""Load, augment, verify and show Sudokus.

Tokens as in the released builders of HRM and TRM: pad 0, blank 1, digits 2 to n+1.
"""

from __future__ import annotations

import numpy as np
import torch
from rich.text import Text
from torch import Generator, Tensor

from trmbench import (
    Batch,
    PuzzleFormat,
    Puzzles,
    PuzzleTable,
    PuzzleTask,
    Votes,
    make_splits,
    make_table,
    permutation_votes,
    published_puzzles,
)
from trmbench_sudoku.canvas import PAD, Canvas
from trmbench_sudoku.generate import generate
from trmbench_sudoku.options import CLUES_OF_TEST_SIZES, SudokuOptions
from trmbench_sudoku.picture import DIGITS, draw
from trmbench_sudoku.rules import Rules, rules_of
from trmbench_sudoku.solve import count_solutions
from trmbench_sudoku.symmetry import Symmetries, from_keys, random_keys
from trmbench_sudoku.variants import Variants

REPOSITORY = "sapientinc/sudoku-extreme"
BLANK = 1
DIGIT = 1
"""Token of a digit minus the digit."""
MOST_BESIDE = 1_000
"""Puzzles of each further size, at most."""
COUNTED_AT_ONCE, MOST_BRANCHES = 256, 4096
"""Puzzles whose solutions are counted together, and the branches of a search that goes on."""


class SudokuTask(PuzzleTask):
    """Sudokus of one size, and of further ones in test splits of their own."""

    def __init__(self, splits: dict[str, PuzzleTable], source: str, options: SudokuOptions) -> None:
        size, canvas = options.size, canvas_of(options)
        super().__init__(
            splits,
            title=f"Sudoku {size}x{size}",
            source=source,
            vocab_size=canvas.side + 2,
            grid_shape=(canvas.side, canvas.side),
            # Of several sizes the smaller ones have some of the digits only.
            symbols=None if options.further_sizes else tuple(range(2, size + 2)),
            characters=_characters(canvas.side)
            | dict.fromkeys("_·", BLANK)
            | ({"#": PAD} if options.further_sizes else {}),
        )
        self._options = options
        self._rules = rules_of(size)
        self._canvas = canvas
        puzzles = len(self.split("train"))
        self._variants = Variants(puzzles, options.variants, options.data_seed, self._rules)

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
            symmetries = self._symmetries(random_keys(len(table), self._rules, generator))
            symmetries = symmetries.where(torch.tensor([copy > 0]))
            cells[:, copy], tokens[:, copy] = (part.numpy() for part in symmetries)
        return permutation_votes(table, cells, tokens)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the answers obey the rules and keep the clues."""
        right = np.zeros(len(inputs), bool)
        for rules, own, places in self._canvas.by_size(inputs):
            right[own] = solves(inputs[own][:, places], answers[own][:, places], rules)
        return right

    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) int64: the grids that keep the clues; 0 where there are too many to count."""
        found = np.zeros(len(inputs), np.int64)
        for rules, own, places in self._canvas.by_size(inputs):
            found[own] = _counted(inputs[own][:, places], rules)
        return found

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,) with lines around the boxes."""
        tokens = np.asarray(tokens)
        size = self._canvas.size_of(tokens)
        return draw(tokens[self._canvas.places(size)], rules_of(size))

    def _symmetries(self, keys: Tensor) -> Symmetries:
        return self._canvas.extended(from_keys(keys, self._rules), self._rules.size)

    def _draw(self, batch: Batch, generator: Generator) -> Symmetries:
        count, variants = len(batch.rows), self._options.variants
        if not variants:
            return self._symmetries(random_keys(count, self._rules, generator))
        device = generator.device
        variant = torch.randint(variants + 1, (count,), generator=generator, device=device)
        return self._canvas.extended(self._variants(batch.rows, variant), self._rules.size)


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
    canvas = canvas_of(options)
    train, test = (canvas.lay_puzzles(part, options.size) for part in (train, test))
    splits = make_splits(train, test, options)
    for size in options.further_sizes:
        splits[f"{size}x{size}"] = make_table(canvas.lay_puzzles(_beside(size, options), size))
        source += f"; {size}x{size} generated with {CLUES_OF_TEST_SIZES[size]} clues"
    return SudokuTask(splits, source, options)


def canvas_of(options: SudokuOptions) -> Canvas:
    """The canvas that the sizes of the options fit."""
    return Canvas(tuple(sorted({options.size, *options.further_sizes})))


def _beside(size: int, options: SudokuOptions) -> Puzzles:
    """Test puzzles of another size."""
    count = min(options.generated_counts[1], MOST_BESIDE)
    # There are few orbits of 4x4, and no puzzle of this size is trained on.
    found = generate(count, size, CLUES_OF_TEST_SIZES[size], options.data_seed, tell_orbits=False)
    return Puzzles(found.inputs + DIGIT, found.labels + DIGIT)


def _counted(inputs: np.ndarray, rules: Rules) -> np.ndarray:
    """(N,) int64: the solutions of questions (N, n*n), 0 where there are too many to count."""
    parts = np.array_split(inputs, max(1, -(-len(inputs) // COUNTED_AT_ONCE)))
    digits = np.uint16(1) << np.arange(rules.size, dtype=np.uint16)
    domains_of = np.concatenate([np.full(2, rules.full, np.uint16), digits])
    return np.concatenate(
        [count_solutions(domains_of[part].T, rules, MOST_BRANCHES) for part in parts]
    )


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
    digits = enumerate(DIGITS[:size], start=1)
    return {".": BLANK, "0": BLANK} | {digit: number + DIGIT for number, digit in digits}
