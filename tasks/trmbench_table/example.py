"""Sums of two numbers: the table that shows how it works, and stands in where a check needs one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trmbench_table.options import TableOptions
from trmbench_table.reading import Row

_BELOW = 100


def sums(options: TableOptions) -> dict[str, list[Row]]:
    """Rows such as `17+5`, `22`; test rows come first, so that they do not depend on training."""
    train, test = options.train_puzzles or 1000, options.test_puzzles or 1000
    numbers = np.random.default_rng(options.data_seed).permutation(_BELOW**2)[: train + test]
    rows = [
        Row(
            Path("generated"),
            line,
            f"{number // _BELOW}+{number % _BELOW}",
            str(number // _BELOW + number % _BELOW),
        )
        for line, number in enumerate(numbers.tolist(), start=1)
    ]
    return {"train": rows[test:], "test": rows[:test]}
