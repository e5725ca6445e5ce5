"""Settings that follow from the size of a table."""

from __future__ import annotations

from dataclasses import replace

from trmbench import Preset, TaskSample
from trmbench_table.data import table_data
from trmbench_table.options import TableOptions

MOST_TESTED = 1_000
_BATCH = 32
_CELL_STEPS = 120_000
"""Training steps times cells of a puzzle that take a minute or two on a core."""


def fitted(options: TableOptions) -> Preset:
    """Width, steps, batch and validation puzzles for minutes on one core.

    Raises:
        TrmbenchError: the table cannot be read.
    """
    if not options.has_data:
        return Preset()
    data = table_data(options)
    count, length = len(data.splits["train"].inputs), data.layout.length
    affordable = max(300, min(2_000, _CELL_STEPS // length))
    steps = min(affordable, max(500, 5 * count))
    task = {}
    if options.validation == 0 and count >= 100:
        task["validation"] = min(count // 10, MOST_TESTED)
    if options.test_puzzles is None and len(data.splits["test"].inputs) > MOST_TESTED:
        task["test_puzzles"] = MOST_TESTED
    return Preset(
        options={"width": 32 if length > 200 or count < 100 else 48},
        train={"steps": steps, "batch_size": min(_BATCH, count)},
        task=task,
    )


def sample(options: TableOptions, count: int) -> TaskSample:
    """A few puzzles of the table, or of the sums where there is none.

    Raises:
        TrmbenchError: the table cannot be read.
    """
    if options.path is None:
        few = replace(options, source="generated", train_puzzles=count, test_puzzles=count)
        return TaskSample(few, options.train_puzzles or 1_000)
    splits = table_data(options).splits
    train, test = (min(count, len(splits[name].inputs)) for name in ("train", "test"))
    few = replace(options, train_puzzles=train, test_puzzles=test, validation=0)
    return TaskSample(few, len(splits["train"].inputs))
