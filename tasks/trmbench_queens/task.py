"""Make, augment, verify and show Queens puzzles."""

from __future__ import annotations

import numpy as np
import torch
from rich.text import Text
from torch import Generator

from trmbench import (
    Batch,
    Puzzles,
    PuzzleTable,
    PuzzleTask,
    TrmbenchError,
    Votes,
    make_splits,
    permutation_votes,
)
from trmbench_queens.board import (
    EMPTY,
    QUEEN,
    SYMMETRIES,
    all_solutions,
    boards,
    completes,
    completions,
    orders,
    signatures,
)
from trmbench_queens.options import QueensOptions

_LOOKS = {EMPTY: ("· ", "grey50"), QUEEN: ("Q ", "bold")}


class QueensTask(PuzzleTask):
    """Boards of one size; the score counts every completion as right, not the drawn one alone."""

    def __init__(self, splits: dict[str, PuzzleTable], source: str, options: QueensOptions) -> None:
        super().__init__(
            splits,
            title=f"Queens {options.size}x{options.size}",
            source=source,
            vocab_size=QUEEN + 1,
            grid_shape=(options.size, options.size),
            symbols=(),
            characters={".": EMPTY, "Q": QUEEN, "_": EMPTY, "·": EMPTY, "0": EMPTY, "1": QUEEN},
            primary_metric="valid_accuracy",
        )
        self._options = options
        self._orders = torch.from_numpy(orders(options.size))

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Turn and mirror each board at random."""
        if not self._options.augment:
            return batch
        shape, device = (len(batch.inputs),), generator.device
        drawn = torch.randint(SYMMETRIES, shape, generator=generator, device=device)
        self._orders = self._orders.to(device)  # copied once, not at every step
        cells = self._orders[drawn]
        return batch._replace(
            inputs=batch.inputs.gather(1, cells), labels=batch.labels.gather(1, cells)
        )

    def votes(self, count: int, seed: int) -> Votes:
        """Make up to eight copies of every test puzzle, the first unchanged, in random order."""
        table = self.split("test")
        random = np.random.default_rng(seed)
        others = random.random((len(table), SYMMETRIES - 1)).argsort(axis=1, kind="stable") + 1
        drawn = np.concatenate([np.zeros((len(table), 1), int), others], axis=1)[:, :count]
        tokens = np.broadcast_to(np.arange(QUEEN + 1), (*drawn.shape, QUEEN + 1))
        return permutation_votes(table, self._orders.cpu().numpy()[drawn], tokens)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: n queens that do not attack each other, the given ones among them."""
        return completes(inputs, answers, self._options.size)

    def has_one_answer(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) bool: the boards have one completion."""
        return np.asarray(self.solutions(inputs) == 1)

    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) int64: how many completions the boards have."""
        return completions(inputs, self._options.size)

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a board (L,); padding shows as `?`."""
        rows = np.asarray(tokens).reshape(self.info.grid_shape).tolist()
        lines = [
            Text.assemble(*(_LOOKS.get(token, ("? ", "red")) for token in row)) for row in rows
        ]
        return Text("\n", no_wrap=True).join(lines)


def load(options: QueensOptions) -> QueensTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: there are not so many different puzzles.
    """
    train_count, test_count = options.generated_counts
    puzzles = generate(train_count + test_count, options)
    # The test puzzles come first, so that they are the same for any number to train on.
    test, train = puzzles.select(slice(test_count)), puzzles.select(slice(test_count, None))
    hidden = f"{options.min_hidden} to {options.max_hidden}"
    source = f"generated, {hidden} queens hidden, data seed {options.data_seed}"
    return QueensTask(make_splits(train, test, options), source, options)


def generate(count: int, options: QueensOptions) -> Puzzles:
    """Draw boards (count, n*n) that differ under every symmetry, each with one completion.

    The first ones of a seed do not depend on `count`.

    Raises:
        TrmbenchError: there are not so many different puzzles.
    """
    random = np.random.default_rng(np.random.SeedSequence([options.data_seed, options.size]))
    solutions = all_solutions(options.size)
    size, chunk, fruitless = options.size, 4096, 20
    found: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
    while len(found) < count and fruitless:
        before = len(found)
        placed = solutions[random.integers(len(solutions), size=chunk)]
        hidden = random.integers(options.min_hidden, options.max_hidden + 1, size=(chunk, 1))
        shown = random.random((chunk, size)).argsort(axis=1).argsort(axis=1) >= hidden
        inputs, labels = boards(placed, shown), boards(placed, np.ones_like(shown))
        for key, pair in zip(
            signatures(inputs, size), zip(inputs, labels, strict=True), strict=True
        ):
            found.setdefault(key, pair)
        fruitless = 20 if len(found) > before else fruitless - 1
    if len(found) < count:
        raise TrmbenchError(
            f"found {len(found)} of {count} different boards of {size}x{size} cells with"
            f" {options.min_hidden} to {options.max_hidden} queens hidden",
            "ask for fewer puzzles, or widen task.min_hidden and task.max_hidden",
        )
    inputs, labels = zip(*list(found.values())[:count], strict=True)
    return Puzzles(np.stack(inputs), np.stack(labels))
