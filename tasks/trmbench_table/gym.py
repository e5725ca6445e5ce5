"""Puzzles of reasoning-gym (arXiv 2505.24760) as rows of a table, judged by its own scorers."""

from __future__ import annotations

import difflib
import importlib
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from trmbench import TrmbenchError
from trmbench_table.gym_options import HINT, PACKAGE, GymOptions
from trmbench_table.reading import Row

LINE_END = "⏎"
"""Stands for the end of a line, so that each text is one row of cells."""
SAMPLED = 100
"""Questions that tell which words all of them begin and end with."""
PATIENCE = 20
"""Draws per wanted puzzle, after which a generator is taken to have no more."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class GymPuzzles:
    """Puzzles of one generator, the test puzzles first."""

    dataset: Any
    entries: Mapping[str, Entry]
    """By the question as it is shown: without the words that all questions share."""

    def accepts(self, question: str, answer: str) -> bool:
        """Whether the generator's scorer gives an answer the full score."""
        entry = self.entries.get(question)
        if entry is None:
            return False
        try:
            return float(self.dataset.score_answer(answer.replace(LINE_END, "\n"), entry)) >= 1
        except Exception:  # some scorers expect a well-formed answer; any other is wrong
            return False


def gym_puzzles(options: GymOptions) -> GymPuzzles:
    """Make the puzzles of the options, once for as long as the options are the same.

    Raises:
        TrmbenchError: the package or the generator is not there, or makes no such puzzles.
    """
    return _gym_puzzles(options, *options.content().values())


@lru_cache(maxsize=2)
def _gym_puzzles(options: GymOptions, *content: str) -> GymPuzzles:
    count = options.count
    dataset = _dataset(options, PATIENCE * count)
    before, after = _shared([dataset[index]["question"] for index in range(min(SAMPLED, count))])
    entries: dict[str, Entry] = {}
    for index in range(PATIENCE * count):
        entry = dataset[index]
        if not isinstance(entry["answer"], str):
            raise TrmbenchError(
                f"{options.title} gives no answer to learn from", "take another generator"
            )
        entries.setdefault(_one_line(_without(entry["question"], before, after)), entry)
        if len(entries) == count:
            return GymPuzzles(dataset, entries)
    raise TrmbenchError(
        f"{options.title} makes {len(entries):,} of {count:,} different questions",
        "lower task.train_puzzles and task.test_puzzles, or set task.parameters",
    )


def gym_rows(options: GymOptions) -> dict[str, list[Row]]:
    """The puzzles as rows of "train" and "test".

    Raises:
        TrmbenchError: as `gym_puzzles` does.
    """
    _, test = options.generated_counts
    rows = [
        Row(Path(PACKAGE), line, question, _one_line(entry["answer"]))
        for line, (question, entry) in enumerate(gym_puzzles(options).entries.items(), start=1)
    ]
    return {"train": rows[test:], "test": rows[:test]}


def gym_checker(options: GymOptions) -> Callable[[str, str], bool]:
    """The scorer of the generator, called with question and answer as they are shown."""
    return gym_puzzles(options).accepts


def _dataset(options: GymOptions, size: int) -> Any:
    try:
        library = importlib.import_module("reasoning_gym")
    except ImportError as error:
        raise TrmbenchError(f"{PACKAGE} cannot be imported: {error}", HINT) from error
    known = library.factory.DATASETS
    if options.generator not in known:
        near = difflib.get_close_matches(str(options.generator), known, n=3, cutoff=0.4)
        raise TrmbenchError(
            f"{PACKAGE} has no generator {options.generator!r}",
            f"such as gym:{' or gym:'.join(near or ['chain_sum'])}",
        )
    try:
        return library.create_dataset(
            options.generator, seed=options.data_seed, size=size, **options.arguments
        )
    except (TypeError, ValueError, AssertionError) as error:
        raise TrmbenchError(
            f"task.parameters={options.parameters} is not possible for {options.title}: {error}",
            "its configuration has other names or ranges",
        ) from error


def _shared(questions: Sequence[str]) -> tuple[str, str]:
    """What all questions begin and end with."""
    before = os.path.commonprefix(questions)
    rest = [question[len(before) :][::-1] for question in questions]
    return before, os.path.commonprefix(rest)[::-1]


def _without(question: str, before: str, after: str) -> str:
    """The question without them; as it is where it has not both, or nothing else."""
    if question.startswith(before) and question.endswith(after):
        kept = question[len(before) : len(question) - len(after)]
        return kept if len(question) > len(before) + len(after) else question
    return question


def _one_line(text: str) -> str:
    return unicodedata.normalize("NFC", LINE_END.join(text.splitlines()))
