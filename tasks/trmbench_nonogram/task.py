"""Load, augment, verify and show Nonograms."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from rich.text import Text
from torch import Generator, Tensor

from trmbench import Batch, Puzzles, PuzzleTable, PuzzleTask, Question, Votes, make_splits
from trmbench_nonogram.generate import generate
from trmbench_nonogram.layout import BLACK, UNKNOWN, WHITE, cells, clues, encode, margin
from trmbench_nonogram.options import NonogramOptions
from trmbench_nonogram.picture import draw
from trmbench_nonogram.text import read_clues

SYMMETRIES = 8


class NonogramTask(PuzzleTask):
    """Nonograms of one size. A symmetry moves the picture; its clues are written again."""

    def __init__(
        self, splits: dict[str, PuzzleTable], source: str, options: NonogramOptions
    ) -> None:
        side = options.size + margin(options.size)
        super().__init__(
            splits,
            title=f"Nonogram {options.size}x{options.size}",
            source=source,
            vocab_size=BLACK + options.size + 1,
            grid_shape=(side, side),
            symbols=(),
            characters={".": WHITE, "#": BLACK},
        )
        self._options = options
        self._size = options.size

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Turn and mirror each picture at random."""
        if not self._options.augment:
            return batch
        drawn = torch.randint(
            SYMMETRIES, (len(batch.labels),), generator=generator, device=generator.device
        )
        pictures = cells(batch.labels, self._size) == BLACK
        inputs, labels = encode(transformed(pictures, drawn))
        return batch._replace(inputs=inputs, labels=labels)

    def votes(self, count: int, seed: int) -> Votes:
        """Make up to eight copies of every test puzzle, the first unchanged, in random order."""
        table = self.split("test")
        count = min(count, SYMMETRIES)
        random = np.random.default_rng(seed)
        others = random.random((len(table), SYMMETRIES - 1)).argsort(axis=1, kind="stable") + 1
        drawn = np.concatenate([np.zeros((len(table), 1), int), others], axis=1)[:, :count]
        symmetry = torch.from_numpy(drawn.reshape(-1))
        rows = np.repeat(np.arange(len(table)), count)
        pictures = cells(torch.from_numpy(table.labels[rows]), self._size) == BLACK
        inputs, labels = (_numpy(part) for part in encode(transformed(pictures, symmetry)))
        copied = table.select(rows)
        copies = PuzzleTable(
            inputs, labels, copied.puzzle_identifiers, copied.puzzle_ids, copied.groups
        )

        def restore(votes: np.ndarray, tokens: np.ndarray) -> np.ndarray:
            answers = cells(torch.from_numpy(tokens), self._size)
            original = transformed(answers, symmetry[torch.from_numpy(votes)], inverse=True)
            space = margin(self._size)
            return _numpy(torch.nn.functional.pad(original, (space, 0, space, 0)).flatten(1))

        return Votes(copies, restore)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: every cell is filled in, and the runs are as the clues say."""
        filled = cells(torch.from_numpy(answers), self._size)
        decided = ((filled == BLACK) | (filled == WHITE)).flatten(1).all(1)
        expected = encode(filled == BLACK)[0]
        same = torch.stack(
            [
                (given == wanted).flatten(1).all(1)
                for given, wanted in zip(
                    clues(torch.from_numpy(inputs), self._size),
                    clues(expected, self._size),
                    strict=True,
                )
            ]
        )
        return np.asarray((decided & same.all(0)).numpy())

    def read(self, text: str) -> list[Question]:
        """Read the clues of the rows, a slash, those of the columns: `1 1,2,0/2,1,1`.

        Raises:
            TrmbenchError: they are none of a picture of this size.
        """
        return [Question(read_clues(text, self._size))]

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,); a finished picture is shown with the clues that it has."""
        grid = torch.from_numpy(np.asarray(tokens)).long()[None]
        picture = cells(grid, self._size)
        if not (picture == UNKNOWN).any():
            finished = encode(picture == BLACK)[0].reshape(-1, *self.info.grid_shape)
            finished[:, -self._size :, -self._size :] = picture
            grid = finished.flatten(1)
        return draw(grid.reshape(self.info.grid_shape).numpy(), margin(self._size))


def transformed(grids: Tensor, symmetry: Tensor, inverse: bool = False) -> Tensor:
    """Grids (N, n, n), each turned by `symmetry % 4` quarters, and transposed first from 4 on."""
    orders = _cell_orders(grids.shape[-1], inverse, grids.device)
    return grids.flatten(1).gather(1, orders[symmetry]).view_as(grids)


@cache
def _cell_orders(size: int, inverse: bool, device: torch.device) -> Tensor:
    """(8, n * n) int64: the cell that each cell of a transformed grid shows."""
    cells = torch.arange(size**2).view(size, size)
    turned = [torch.rot90(base, k, (0, 1)) for base in (cells, cells.mT) for k in range(4)]
    orders = torch.stack(turned).flatten(1)
    return (orders.argsort(1) if inverse else orders).to(device)


def load(options: NonogramOptions) -> NonogramTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: such pictures are too rare to be generated.
    """
    train_count, test_count = options.generated_counts
    pictures = torch.from_numpy(generate(train_count + test_count, options))
    puzzles = Puzzles(*(_numpy(part) for part in encode(pictures)))
    # The test puzzles come first, so that they are the same for any number to train on.
    test, train = puzzles.select(slice(test_count)), puzzles.select(slice(test_count, None))
    source = f"generated, {options.min_rounds} rounds or more, data seed {options.data_seed}"
    return NonogramTask(make_splits(train, test, options), source, options)


def _numpy(tokens: Tensor) -> np.ndarray:
    return np.asarray(tokens.to(torch.uint8).numpy())
