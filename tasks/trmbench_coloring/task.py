"""Make, augment, verify and show Coloring puzzles."""

from __future__ import annotations

import numpy as np
import torch
from rich.text import Text
from torch import Generator, Tensor

from trmbench import (
    Batch,
    PuzzleTable,
    PuzzleTask,
    Question,
    TrmbenchError,
    Votes,
    make_splits,
    permutation_votes,
)
from trmbench_coloring.generate import generate
from trmbench_coloring.graph import (
    APART,
    COLOURS,
    EDGE,
    UNKNOWN,
    VOCABULARY,
    adjacency_of,
    colours_of,
    count_namings,
    encode,
    fits,
)
from trmbench_coloring.options import ColoringOptions

_LOOKS = {APART: ("· ", "grey50"), EDGE: ("█ ", ""), UNKNOWN: ("? ", "")} | {
    UNKNOWN + 1 + colour: (f"{name} ", f"bold {style}")
    for colour, (name, style) in enumerate((("R", "red"), ("G", "green"), ("B", "blue")))
}


class ColoringTask(PuzzleTask):
    """Graphs of one size; the score counts every colouring as right, not the stored one alone."""

    def __init__(
        self, splits: dict[str, PuzzleTable], source: str, options: ColoringOptions
    ) -> None:
        super().__init__(
            splits,
            title=f"Colouring of {options.vertices} vertices",
            source=source,
            vocab_size=VOCABULARY,
            grid_shape=(options.vertices, options.vertices + 1),
            primary_metric="valid_accuracy",
            symbols=tuple(range(UNKNOWN + 1, VOCABULARY)),
            characters={name: UNKNOWN + 1 + number for number, name in enumerate("RGB")},
        )
        self._options = options
        self._vertices = options.vertices

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Put the vertices of each graph in a random order, its colours named as they appear."""
        if not self._options.augment:
            return batch
        shape, device = (len(batch.inputs), self._vertices), generator.device
        order = torch.rand(shape, generator=generator, device=device).argsort(1)
        cells = _cells(order)
        labels = batch.labels.gather(1, cells)
        return batch._replace(
            inputs=batch.inputs.gather(1, cells), labels=_named_in_order(labels, self._vertices)
        )

    def votes(self, count: int, seed: int) -> Votes:
        """Copy every test graph with its vertices in other orders, the first copy unchanged."""
        table = self.split("test")
        random = np.random.default_rng(seed)
        orders = random.random((len(table), count, self._vertices)).argsort(axis=2)
        orders[:, 0] = np.arange(self._vertices)
        cells = _cells(torch.from_numpy(orders.reshape(-1, self._vertices))).numpy()
        names = np.broadcast_to(np.arange(VOCABULARY), (len(table), count, VOCABULARY))
        return permutation_votes(table, cells.reshape(len(table), count, -1), names)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: every vertex has a colour, and no edge joins vertices of the same."""
        graphs = adjacency_of(inputs, self._vertices)
        return fits(graphs, colours_of(answers, self._vertices))

    def read(self, text: str) -> list[Question]:
        """Read a graph by its edges between vertices, counted from 1, such as `1-2 2-3`.

        Raises:
            TrmbenchError: an edge is none.
        """
        edges = np.zeros((1, self._vertices, self._vertices), bool)
        for word in text.replace(",", " ").split():
            ends = [int(end) for end in word.split("-") if end.isdecimal()]
            if (
                len(ends) != 2
                or ends[0] == ends[1]
                or not all(1 <= end <= self._vertices for end in ends)
            ):
                raise TrmbenchError(
                    f"{word[:40]!r} is no edge",
                    f"write the edges of {self.info.title} as 1-2 2-{self._vertices}",
                )
            edges[0, ends[0] - 1, ends[1] - 1] = edges[0, ends[1] - 1, ends[0] - 1] = True
        return [Question(encode(edges, np.zeros((1, self._vertices), np.int64))[0][0])]

    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) int64: how many colourings the graphs have, each naming of the colours counted."""
        return count_namings(adjacency_of(inputs, self._vertices), self._vertices)

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,): the adjacency matrix, and the colours to its right."""
        lines = []
        for row in np.asarray(tokens).reshape(self.info.grid_shape).tolist():
            shown = [_LOOKS.get(token, ("  ", "")) for token in row]
            lines.append(Text.assemble(*shown[:-1], " ", shown[-1]))
        return Text("\n", no_wrap=True).join(lines)


def _cells(order: Tensor) -> Tensor:
    """(N, n*(n+1)) int64: the cell that each cell of a copy shows, by the order (N, n)."""
    size = order.shape[1]
    last = torch.full_like(order[:, :1], size)
    columns = torch.cat([order, last], 1)
    return (order[:, :, None] * (size + 1) + columns[:, None, :]).flatten(1)


def _named_in_order(labels: Tensor, vertices: int) -> Tensor:
    """Answers (N, n*(n+1)) whose colours are renamed by the order in which they first appear."""
    grid = labels.reshape(-1, vertices, vertices + 1)
    colours = grid[..., -1] - UNKNOWN - 1
    is_colour = colours[..., None] == torch.arange(COLOURS, device=labels.device)
    places = torch.arange(vertices, device=labels.device)[None, :, None]
    unused = vertices + torch.arange(COLOURS, device=labels.device)
    first = torch.where(is_colour, places, vertices + COLOURS).amin(1).minimum(unused)
    names = first.argsort(1).argsort(1)
    renamed = names.gather(1, colours) + UNKNOWN + 1
    return torch.cat([grid[..., :-1], renamed[..., None]], 2).flatten(1)


def load(options: ColoringOptions) -> ColoringTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: such graphs are too rare.
    """
    train_count, test_count = options.generated_counts
    puzzles = generate(train_count + test_count, options)
    # The test puzzles come first, so that they are the same for any number to train on.
    test, train = puzzles.select(slice(test_count)), puzzles.select(slice(test_count, None))
    source = f"generated, {options.degree:g} edges per vertex, data seed {options.data_seed}"
    return ColoringTask(make_splits(train, test, options), source, options)
