"""Variants as another data set named them: the `identifiers.json` of TRM's or HRM's ARC builder.

The file is a list; the place of a name is the row of the puzzle-embedding table that belongs to it.
Weights trained on such data answer under these variants and rows alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trmbench import TrmbenchError
from trmbench_arc.grids import COLOURS
from trmbench_arc.reading import ArcTask
from trmbench_arc.variants import BLANK, SEPARATOR, Variants
from trmbench_arc.voting import parse_identifier

HINT = "give the identifiers.json that the reference's build_arc_dataset.py wrote for the weights"


_HRM = re.compile(r"_(t\d)_(\d{10})$")
"""The end of a variant's name as HRM's builder writes it: `task_t3_0192837465`."""


def read_identifiers(path: str) -> list[str]:
    """Read the names of the puzzle identifiers, in TRM's spelling; the first one is the blank one.

    Raises:
        TrmbenchError: the file cannot be read, or is no such list.
    """
    try:
        names = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise TrmbenchError(f"cannot read {path}: {error.strerror}", HINT) from error
    except ValueError as error:
        raise TrmbenchError(f"{path} is not JSON", HINT) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TrmbenchError(f"{path} is no list of names", HINT)
    if names[:1] != [BLANK]:
        raise TrmbenchError(f"{path} does not begin with {BLANK!r}", HINT)
    return [_HRM.sub(rf"{SEPARATOR}\1{SEPARATOR}\2", name) for name in names]


def named_variants(tasks: Sequence[ArcTask], path: str) -> Variants:
    """Read the variants of each task that a file names, the task itself first.

    Which pair of a variant keeps to the top left in training is not in the names: it is the first.

    Raises:
        TrmbenchError: the file is faulty, or names no variant of a task.
    """
    names = read_identifiers(path)
    numbers = _by_task(names, {task.name for task in tasks}, path)
    missing = [task.name for task in tasks if task.name not in numbers]
    if missing:
        raise TrmbenchError(f"{path} names no variant of task {missing[0]}", HINT)
    shape = (len(tasks), max(map(len, numbers.values())))
    variants = Variants(
        np.array([len(numbers[task.name]) for task in tasks], np.int64),
        np.zeros(shape, np.uint8),
        np.tile(np.arange(COLOURS, dtype=np.uint8), (*shape, 1)),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.int64),
        len(names),
    )
    for row, task in enumerate(tasks):
        for column, number in enumerate(numbers[task.name]):
            transform, colours = parse_identifier(names[number])
            variants.dihedral[row, column] = transform
            variants.colours[row, column] = colours
            variants.numbers[row, column] = number
    return variants


def _by_task(names: Sequence[str], wanted: set[str], path: str) -> dict[str, list[int]]:
    """Collect the identifiers of each wanted task, the identifier of the task itself first."""
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        task = name.split(SEPARATOR)[0]
        if task not in wanted:
            continue
        own = numbers.setdefault(task, [])
        own.insert(0 if name == task else len(own), number)
    for task, own in numbers.items():
        if len({names[number] for number in own}) < len(own):
            raise TrmbenchError(f"{path} names a variant of task {task} twice", HINT)
        if names[own[0]] != task:
            raise TrmbenchError(f"{path} does not name task {task} itself", HINT)
    return numbers
