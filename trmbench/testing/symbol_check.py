"""The contract of `TaskInfo.symbols`."""

from __future__ import annotations

import numpy as np

from trmbench.testing.cases import ROWS, SEED, TaskCase
from trmbench.testing.conformance import require


def symbols(case: TaskCase) -> None:
    """Renaming the symbols in a question and its answer leaves the answer right."""
    task = case.task
    chosen = task.info.symbols
    if not chosen:
        return
    inside = all(0 < token < task.info.vocab_size for token in chosen)
    require(
        inside and len(set(chosen)) == len(chosen),
        f"info.symbols are {chosen}: they must be different tokens from 1 to"
        f" {task.info.vocab_size - 1}",
    )
    table = task.split("test").select(slice(ROWS))
    names = np.arange(task.info.vocab_size, dtype=np.uint8)
    names[list(chosen)] = np.random.default_rng(SEED).permutation(names[list(chosen)])
    right = task.verify(names[table.inputs], names[table.labels])
    require(
        right.all(),
        f"with its symbols renamed, the label of puzzle {table.puzzle_ids[np.argmin(right)]} is no"
        " longer a right answer",
    )
