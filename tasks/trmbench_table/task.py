"""Load, augment, verify and show the puzzles of a table."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence

import numpy as np
from rich.text import Text
from torch import Generator

from trmbench import (
    Batch,
    PuzzleTable,
    PuzzleTask,
    Question,
    TrmbenchError,
    Votes,
    make_splits,
    make_table,
    permutation_votes,
)
from trmbench_table.data import TableData, table_data
from trmbench_table.gym import gym_checker
from trmbench_table.gym_options import GymOptions
from trmbench_table.options import TableOptions

Checker = Callable[[str, str], object]
SPLITS = ("train", "test")


class TableTask(PuzzleTask):
    """Questions and answers of one table."""

    def __init__(
        self, data: TableData, splits: dict[str, PuzzleTable], options: TableOptions
    ) -> None:
        self._checker = checker_of(options)
        super().__init__(
            splits,
            title=options.title,
            source=data.source,
            vocab_size=data.symmetries.vocabulary,
            grid_shape=data.layout.grid,
            primary_metric="valid_accuracy"
            if self._checker or data.several_answers
            else "exact_accuracy",
            verifies_any_question=options.verify is not None,
        )
        self._data = data
        self._augment = options.augment and not data.symmetries.is_trivial

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """Turn, mirror and rename each puzzle at random, as `task.augmentations` names it."""
        if not self._augment:
            return batch
        return self._data.symmetries.augment(batch, generator)

    def votes(self, count: int, seed: int) -> Votes:
        """Copies of every test puzzle by the named augmentations, the first unchanged."""
        symmetries, table = self._data.symmetries, self.split("test")
        if symmetries.is_trivial:
            return super().votes(count, seed)
        return permutation_votes(table, *symmetries.draw(len(table), count, seed))

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(N,) bool: the user's own function accepts it, or a row of the table has it."""
        if self._checker is not None:
            return np.array([self._accepts(*pair) for pair in zip(inputs, answers, strict=True)])
        asked = np.zeros_like(answers)
        places = self._data.layout.places
        asked[:, places] = answers[:, places]
        given = self._data.symmetries.signatures(np.stack([inputs, asked], axis=1))
        return np.isin(given, self._data.known)

    def _accepts(self, question: np.ndarray, answer: np.ndarray) -> bool:
        layout = self._data.layout
        asked, given = layout.text(question, answer=False), layout.text(answer, answer=True)
        if asked is None or given is None or self._checker is None:
            return False
        return bool(self._checker(asked, given))

    def read(self, text: str) -> list[Question]:
        """Read a question, written as in the column of questions.

        Raises:
            TrmbenchError: it has symbols that the table has not, or is larger than its texts.
        """
        return [Question(self._data.layout.question(self._lines(text)))]

    def read_answers(self, texts: Sequence[str]) -> np.ndarray:
        """Read answers, written as in the column of answers.

        Raises:
            TrmbenchError: one has symbols that the table has not, or is larger than its texts.
        """
        return np.stack([self._data.layout.answer(self._lines(text)) for text in texts])

    def write(self, answers: np.ndarray) -> list[str]:
        """Write answers (N, L) as in the column of answers, "/" between lines; "?" for none."""
        texts = (self._data.layout.text(answer, answer=True) for answer in answers)
        return ["?" if text is None else text.replace("\n", "/") for text in texts]

    def _lines(self, text: str) -> str:
        """The text with a line's end for every slash, where the table has none."""
        return text if "/" in self._data.layout.tokens else text.replace("/", "\n")

    def render(self, tokens: np.ndarray) -> Text:
        """Draw a grid (L,): symbols in their places, `·` for what is left empty."""
        symbols = self._data.layout.symbols
        shown = ["?", "·", *symbols]
        space = " " if any(len(symbol) > 1 for symbol in symbols) else ""
        lines = [
            space.join(shown[token] if token < len(shown) else "?" for token in row).rstrip("?")
            for row in np.asarray(tokens).reshape(self.info.grid_shape).tolist()
        ]
        return Text("\n".join(lines).rstrip("\n") or "?", no_wrap=True)


def checker_of(options: TableOptions) -> Checker | None:
    """What judges the answers, if not the rows of the table.

    Raises:
        TrmbenchError: it cannot be found.
    """
    if isinstance(options, GymOptions):
        return gym_checker(options)
    return None if options.verify is None else _imported(options.verify)


def _imported(name: str) -> Checker:
    """Import the function that `task.verify` names."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise TrmbenchError(
            f"task.verify={name} is not there: {error}", "MODULE:FUNCTION, on PYTHONPATH"
        ) from error
    if not callable(found):
        raise TrmbenchError(f"task.verify={name} is no function", "MODULE:FUNCTION")
    checker: Checker = found
    return checker


def load(options: TableOptions) -> TableTask:
    """Make the task of the given options.

    Raises:
        TrmbenchError: there is no table, or some of its rows cannot be used.
    """
    data = table_data(options)
    splits = make_splits(data.splits["train"], data.splits["test"], options)
    further = {name: make_table(data.splits[name]) for name in data.splits if name not in SPLITS}
    return TableTask(data, {**splits, **further}, options)
