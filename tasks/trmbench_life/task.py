"""Make, augment, verify and show Life puzzles."""

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
    Question,
    TrmbenchError,
    Votes,
    distinct_puzzles,
    make_splits,
    make_table,
    permutation_votes,
    read_cells,
)
from trmbench_life.board import (
    ALIVE,
    DEAD,
    EMPTY,
    MARK,
    VOCABULARY,
    after,
    board_of,
    cells,
    encode,
    signatures,
)
from trmbench_life.options import LifeOptions

_CHUNK = 4096  # boards drawn at once; a constant, so that more puzzles extend fewer
_FRUITLESS_CHUNKS = 20
_LOOKS = {DEAD: ("· ", "grey50"), ALIVE: ("█ ", "green"), EMPTY: ("  ", ""), MARK: ("> ", "yellow")}


class LifeTask(PuzzleTask):
    """Boards of one size, with the generations asked for written above them as marks."""

    def __init__(self, splits: dict[str, PuzzleTable], source: str, options: LifeOptions) -> None:
        size = options.size
        super().__init__(
            splits,
            title=f"Life on {size}x{size} cells, 1 to {options.horizon} generations",
            source=source,
            vocab_size=VOCABULARY,
            grid_shape=(options.header + size, size),
            characters={".": DEAD, "#": ALIVE},
        )
        self._options = options
        self._turned = torch.from_numpy(_order(np.arange(8), 0, 0, options))

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Shift each board at random, across its borders, after a turn or a reflection."""
        if not self._options.augment:
            return batch
        count, size, device = len(batch.inputs), self._options.size, generator.device
        draws = [
            torch.randint(limit, (count, 1, 1), generator=generator, device=device)
            for limit in (8, size, size)
        ]
        places = torch.arange(size, device=device)
        shifted = (places[:, None] - draws[1]) % size * size + (places - draws[2]) % size
        head = self._options.header * size
        kept = torch.arange(head, device=device).expand(count, -1)
        turned = self._turned.to(device)[draws[0].flatten()]
        order = turned.gather(1, torch.cat([kept, head + shifted.flatten(1)], 1))
        return batch._replace(
            inputs=batch.inputs.gather(1, order), labels=batch.labels.gather(1, order)
        )

    def votes(self, count: int, seed: int) -> Votes:
        """Copy every test board shifted, turned and mirrored, the first copy unchanged."""
        table, size = self.split("test"), self._options.size
        random = np.random.default_rng(seed)
        turns, down, right = (
            random.integers(limit, size=(len(table), count)) for limit in (8, size, size)
        )
        for drawn in (turns, down, right):
            drawn[:, 0] = 0
        order = _order(turns.reshape(-1), down.reshape(-1), right.reshape(-1), self._options)
        names = np.broadcast_to(np.arange(VOCABULARY), (len(table), count, VOCABULARY))
        return permutation_votes(table, order.reshape(len(table), count, -1), names)

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the board is what the rules make of it in so many generations."""
        size = self._options.size
        steps = (inputs == MARK).sum(axis=1)
        then = after(board_of(inputs, size) == ALIVE, steps)
        wanted = np.where(then, ALIVE, DEAD)
        return np.asarray((board_of(answers, size) == wanted).all(axis=(1, 2)))

    def read(self, text: str) -> list[Question]:
        """Read a board with its number of generations before it, such as `3: .##. #...`.

        Raises:
            TrmbenchError: the number or the board is none.
        """
        steps, _, board = text.strip().replace("\n", ":", 1).partition(":")
        if not steps.strip().isdecimal() or not 1 <= int(steps) <= self._options.furthest:
            raise TrmbenchError(
                f"the puzzle begins with {steps[:40]!r}, not with a number of generations",
                f"1 to {self._options.furthest}, a colon, then the board, with # for live cells",
            )
        size, header = self._options.size, self._options.header
        characters = self.info.characters or {}
        now = read_cells(board, characters, (size, size), f"{self.info.title}'s board")
        asked = encode(now.reshape(1, size, size) == ALIVE, np.array([int(steps)]), header)[0][0]
        return [Question(asked)]

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,): the marks, and the board below them."""
        rows = np.asarray(tokens).reshape(self.info.grid_shape).tolist()
        lines = [Text.assemble(*(_LOOKS.get(t, ("? ", "red")) for t in row)) for row in rows]
        return Text("\n", no_wrap=True).join(lines)


def _order(
    turns: np.ndarray, down: np.ndarray | int, right: np.ndarray | int, options: LifeOptions
) -> np.ndarray:
    """(N, L) int64: the place that each place of a copy shows, its marks where they were."""
    head = options.header * options.size
    rows, columns = (np.broadcast_to(np.asarray(shift), turns.shape) for shift in (down, right))
    moved = cells(turns, rows, columns, options.size) + head
    kept = np.broadcast_to(np.arange(head), (len(turns), head))
    return np.concatenate([kept, moved], axis=1)


def load(options: LifeOptions) -> LifeTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: there are too few different boards.
    """
    train_count, test_count = options.generated_counts
    names = ["test", *(f"+{steps}" for steps in options.steps_beyond)]
    boards = generate(train_count + test_count * len(names), options)
    # The test boards come first, so that they are the same for any number to train on.
    parts = np.split(boards, [test_count * (1 + place) for place in range(len(names))])
    random = np.random.default_rng(np.random.SeedSequence([options.data_seed, 1]))
    steps = [random.integers(1, options.horizon + 1, test_count)]
    steps += [np.full(test_count, options.horizon + beyond) for beyond in options.steps_beyond]
    steps.append(random.integers(1, options.horizon + 1, train_count))
    encoded = [
        Puzzles(*encode(part, ahead, options.header))
        for part, ahead in zip(parts, steps, strict=True)
    ]
    splits = make_splits(encoded[-1], encoded[0], options)
    further = zip(names[1:], map(make_table, encoded[1:-1]), strict=True)
    source = f"generated, data seed {options.data_seed}"
    return LifeTask({**splits, **dict(further)}, source, options)


def generate(count: int, options: LifeOptions) -> np.ndarray:
    """Draw boards (count, n, n) bool of which none is another one shifted, turned or mirrored.

    The first boards of a seed do not depend on `count`.

    Raises:
        TrmbenchError: there are too few of them.
    """
    size = options.size
    random = np.random.default_rng(np.random.SeedSequence([options.data_seed, size]))

    def draw() -> Puzzles:
        share = random.uniform(options.min_density, options.max_density, (_CHUNK, 1))
        boards = (random.random((_CHUNK, size * size), np.float32) < share).astype(np.uint8)
        return Puzzles(boards, boards)

    found = distinct_puzzles(
        count,
        draw=draw,
        signatures=lambda boards: signatures(boards.reshape(-1, size, size)),
        patience=_FRUITLESS_CHUNKS,
        too_rare=lambda found: TrmbenchError(
            f"there are only {found} of {count} different boards of {size}x{size} cells",
            "raise task.size or ask for fewer puzzles",
        ),
    )
    return np.asarray(found.inputs.reshape(-1, size, size).astype(bool))
