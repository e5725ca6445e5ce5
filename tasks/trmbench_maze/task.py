"""Load, augment, verify and show mazes."""

from __future__ import annotations

import numpy as np
import torch
from rich.text import Text
from torch import Generator

from trmbench import (
    Batch,
    PuzzleFormat,
    PuzzleTable,
    PuzzleTask,
    Votes,
    make_splits,
    permutation_votes,
    published_puzzles,
)
from trmbench_maze.arrays import array_puzzles
from trmbench_maze.generate import generate
from trmbench_maze.options import MazeOptions
from trmbench_maze.symmetry import SYMMETRIES, cell_orders
from trmbench_maze.tokens import BLANK, CHARACTERS, GOAL, PATH, START, VOCABULARY, WALL
from trmbench_maze.verify import has_ends, has_one_path, keeps_maze, solves

REPOSITORY = "sapientinc/maze-30x30-hard-1k"
_LOOKS = {
    WALL: ("██", "grey50"),
    BLANK: ("  ", ""),
    START: ("S ", "bold green"),
    GOAL: ("G ", "bold red"),
    PATH: ("● ", "yellow"),
}


class MazeTask(PuzzleTask):
    """Square mazes of one size."""

    def __init__(self, splits: dict[str, PuzzleTable], source: str, options: MazeOptions) -> None:
        size = options.size
        super().__init__(
            splits,
            title=f"Maze {size}x{size}",
            source=source,
            vocab_size=VOCABULARY,
            grid_shape=(size, size),
            symbols=(),
            characters=CHARACTERS,
            # A maze may have several shortest paths, and its label is one of them.
            primary_metric="valid_accuracy",
        )
        self._options = options
        self._orders = torch.from_numpy(cell_orders(size))

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Turn and mirror each puzzle at random."""
        if not self._options.augment:
            return batch
        count, device = len(batch.inputs), generator.device
        drawn = torch.randint(SYMMETRIES, (count,), generator=generator, device=device)
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
        tokens = np.broadcast_to(np.arange(VOCABULARY), (*drawn.shape, VOCABULARY))
        return permutation_votes(table, self._orders.cpu().numpy()[drawn], tokens)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the answers mark one shortest path, whichever, and change nothing else."""
        return solves(inputs, answers, self._options.size)

    def has_one_answer(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) bool: the mazes have one shortest path."""
        return has_one_path(inputs, self._options.size)

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a maze (L,) in colours; padding shows as `??`."""
        rows = np.asarray(tokens).reshape(self.info.grid_shape).tolist()
        lines = [
            Text.assemble(*(_LOOKS.get(token, ("??", "red")) for token in row)) for row in rows
        ]
        return Text("\n", no_wrap=True).join(lines)


def load(options: MazeOptions) -> MazeTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: the files are missing or have bad content, or generation is impossible.
    """
    if options.origin == "generated":
        train_count, test_count = options.generated_counts
        puzzles = generate(train_count + test_count, options)
        # The test puzzles come first, so that they are the same for any number to train on.
        test, train = puzzles.select(slice(test_count)), puzzles.select(slice(test_count, None))
        source = (
            f"generated with paths of {options.min_path_length} steps or more, "
            f"data seed {options.data_seed}"
        )
    elif options.has_arrays:
        train, test, source = array_puzzles(options)
    else:
        train, test, source = published_puzzles(options, REPOSITORY, _layout(options.size))
    return MazeTask(make_splits(train, test, options), source, options)


def _layout(size: int) -> PuzzleFormat:
    return PuzzleFormat(
        length=size**2,
        question="# SG",
        answer="# SGo",
        tokens=CHARACTERS,
        faulty=lambda inputs, labels: ~(has_ends(inputs) & keeps_maze(inputs, labels)),
        fault="the answer changes walls, start or goal, or there is not one start and one goal",
    )
