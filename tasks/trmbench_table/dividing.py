"""Which rows of a table are trained on and which are tested: no question is both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trmbench import Puzzles, TrmbenchError
from trmbench_table.files import WHOLE
from trmbench_table.options import TableOptions
from trmbench_table.reading import Row
from trmbench_table.symmetry import Symmetries

MOST_KINDS = 20
"""Splits that a column of the test puzzles may make."""


def divide(
    encoded: Mapping[str, Puzzles],
    rows: Mapping[str, Sequence[Row]],
    symmetries: Symmetries,
    options: TableOptions,
) -> tuple[dict[str, Puzzles], list[str]]:
    """The puzzles of "train", "test" and further splits, and what was left out, for people.

    Questions that an augmentation turns into each other count as equal.

    Args:
        encoded: the puzzles of each file, or of the only one as `WHOLE`.
        rows: where they were read.
        symmetries: the augmentations.
        options: the shares and numbers wanted.

    Raises:
        TrmbenchError: a question is on both sides, or there are too few of them.
    """
    questions = {s: symmetries.signatures(p.inputs[:, None]) for s, p in encoded.items()}
    chosen = {split: np.arange(len(keys)) for split, keys in questions.items()}
    source = {split: split for split in encoded}
    if WHOLE in encoded:
        tested = _tested(questions[WHOLE], options)
        chosen = {"train": np.flatnonzero(~tested), "test": np.flatnonzero(tested)}
        source = dict.fromkeys(chosen, WHOLE)
    kept, repeated = {}, 0
    for split, numbers in chosen.items():
        puzzles = encoded[source[split]].select(numbers)
        parts = puzzles if split == "train" else puzzles[:1]
        first = np.unique(np.concatenate(parts, axis=1), axis=0, return_index=True)[1]
        kept[split] = numbers[np.sort(first)]
        repeated += len(numbers) - len(first)
    notes = [f"{repeated:,} repeated rows left out"] * bool(repeated)
    if WHOLE not in encoded:
        kept["train"], dropped = _without_tested(kept, questions, rows["train"], options)
        notes += [f"{dropped:,} training rows left out, which are tested"] * bool(dropped)
    wanted = {"train": options.train_puzzles}
    for split, numbers in kept.items():
        kept[split] = _some(numbers, wanted.get(split, options.test_puzzles), split, options)
    if options.split_by:
        by_kind = _by_kind(kept["test"], rows[source["test"]], options)
        kept, source = kept | by_kind, source | dict.fromkeys(by_kind, source["test"])
    return {split: encoded[source[split]].select(numbers) for split, numbers in kept.items()}, notes


def _by_kind(
    tested: np.ndarray, rows: Sequence[Row], options: TableOptions
) -> dict[str, np.ndarray]:
    """The numbers of the test rows by their value of `task.split_by`, as splits."""
    kinds = [rows[number].kind for number in tested.tolist()]
    different = sorted(set(kinds), key=lambda kind: (not kind.isdecimal(), len(kind), kind))
    if len(different) > MOST_KINDS:
        raise TrmbenchError(
            f"task.split_by={options.split_by} has {len(different):,} different values",
            f"at most {MOST_KINDS} are possible; a column of classes, not of numbers",
        )
    return {
        f"{options.split_by}={kind}": tested[[found == kind for found in kinds]]
        for kind in different
    }


def _tested(keys: np.ndarray, options: TableOptions) -> np.ndarray:
    """(N,) bool: the rows of a random share of the different questions."""
    different, of_row = np.unique(keys, return_inverse=True)
    count = max(1, round(options.test_share * len(different)))
    if count >= len(different):
        raise TrmbenchError(
            f"{options.path} has {len(different)} different questions, too few to train and test",
            "add rows, or lower task.test_share",
        )
    first = np.unique(keys, return_index=True)[1]
    in_file = first.argsort()  # so that the choice does not depend on the signatures
    order = np.random.default_rng(options.data_seed).permutation(len(different))
    tested = np.zeros(len(different), bool)
    tested[in_file[order[:count]]] = True
    return np.asarray(tested[of_row])


def _without_tested(
    kept: Mapping[str, np.ndarray],
    questions: Mapping[str, np.ndarray],
    rows: Sequence[Row],
    options: TableOptions,
) -> tuple[np.ndarray, int]:
    """The training rows whose questions are not tested, and how many others there are."""
    tested = np.concatenate([questions[split] for split in kept if split != "train"])
    train = kept["train"]
    both = np.isin(questions["train"][train], tested)
    if both.any() and options.overlap == "refuse":
        first = rows[int(train[both][0])]
        raise TrmbenchError(
            f"{int(both.sum()):,} questions of {first.file.name} are tested as well, the first in"
            f" line {first.line}",
            "remove them, or leave them out of training with --set task.overlap=drop",
        )
    if both.all():
        raise TrmbenchError(f"every question of {options.path} is tested", "nothing to train on")
    return train[~both], int(both.sum())


def _some(numbers: np.ndarray, wanted: int | None, split: str, options: TableOptions) -> np.ndarray:
    """So many of the rows, drawn with the data seed, in their order."""
    if wanted is None:
        return numbers
    if wanted > len(numbers):
        name = "train" if split == "train" else "test"
        raise TrmbenchError(
            f"{options.path} has {len(numbers):,} {split} puzzles, {wanted:,} are asked for",
            f"lower task.{name}_puzzles",
        )
    drawn = np.random.default_rng(options.data_seed).permutation(len(numbers))[:wanted]
    return np.asarray(numbers[np.sort(drawn)])
