"""A table as puzzles: read, cut into cells, laid out; the same for every trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from trmbench import Puzzles
from trmbench_table.cells import Lines, Splitter, chosen
from trmbench_table.dividing import divide
from trmbench_table.example import sums
from trmbench_table.files import WHOLE, data_files
from trmbench_table.gym import gym_rows
from trmbench_table.gym_options import GymOptions
from trmbench_table.layout import Layout, layout_of
from trmbench_table.options import TableOptions
from trmbench_table.reading import BadRows, Row, read_rows
from trmbench_table.symmetry import Symmetries, symmetries_of


@dataclass(frozen=True, eq=False)
class TableData:
    """The puzzles of a table by split, before validation puzzles are held out."""

    splits: Mapping[str, Puzzles]
    """ "train", "test" and further test splits."""
    known: np.ndarray
    """(K,) uint64, the sorted signatures of all questions with their answers."""
    layout: Layout
    symmetries: Symmetries
    source: str
    several_answers: bool
    """Whether a question that is tested occurs with different answers."""


def table_data(options: TableOptions) -> TableData:
    """Read the table that the options name, once for as long as its files stay as they are.

    Raises:
        TrmbenchError: there is none, or some of its rows cannot be used.
    """
    options.require_data()
    return _table_data(options, *options.content().values())


@lru_cache(maxsize=2)
def _table_data(options: TableOptions, *content: str) -> TableData:
    rows = _rows(options)
    place = Path(options.path or options.title)
    splitter = chosen(
        options.cells, [text for found in rows.values() for row in found for text in row[2:4]]
    )
    pairs = _cut(rows, splitter, place)
    every = [pair for found in pairs.values() for pair in found]
    layout = layout_of(every, splitter, options.grid, place)
    symmetries = symmetries_of(options.augmentations, layout)
    encoded = {split: layout.encode(found) for split, found in pairs.items()}
    signatures = [symmetries.signatures(np.stack(p, axis=1)) for p in encoded.values()]
    splits, notes = divide(encoded, rows, symmetries, options)
    return TableData(
        splits,
        np.unique(np.concatenate(signatures)),
        layout,
        symmetries,
        ", ".join([options.place, *notes]),
        _has_several(encoded, symmetries, len(np.unique(np.concatenate(signatures)))),
    )


def _rows(options: TableOptions) -> dict[str, list[Row]]:
    """The rows by split; those of one file are not divided yet."""
    if isinstance(options, GymOptions):
        return gym_rows(options)
    if options.path is None:
        return sums(options)
    files = data_files(options.path, options.further_splits)
    bad = BadRows()
    rows = {}
    for split, file in files.items():
        by = [options.split_by] if options.split_by and split in (WHOLE, "test") else []
        rows[split] = read_rows(file, [options.question, options.answer, *by], bad)
    bad.refuse(Path(options.path))
    return rows


def _cut(
    rows: Mapping[str, Sequence[Row]], splitter: Splitter, place: Path
) -> dict[str, list[tuple[Lines, Lines]]]:
    """Questions and answers as cells."""
    bad = BadRows()
    found: dict[str, list[tuple[Lines, Lines]]] = {}
    for split, every in rows.items():
        found[split] = []
        for row in every:
            try:
                found[split].append((splitter.cut(row.question), splitter.cut(row.answer)))
            except ValueError as error:
                bad.add(row.file, row.line, str(error))
    bad.refuse(place)
    return found


def _has_several(encoded: Mapping[str, Puzzles], symmetries: Symmetries, pairs: int) -> bool:
    questions = np.concatenate([puzzles.inputs for puzzles in encoded.values()])
    return len(np.unique(symmetries.signatures(questions[:, None]))) < pairs
