"""A training step and a test step of each model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trmbench.bench.measure import prepare_test, prepare_training

CELLS = [
    ("trm", "maze", "mini"),
    ("hrm", "maze", "mini"),
    ("direct", "maze", "mini"),
    ("trm", "sudoku", "paper"),
    ("hrm", "sudoku", "paper"),
    ("direct", "sudoku", "paper"),
]


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
@pytest.mark.parametrize("prepare", [prepare_training, prepare_test], ids=["train", "test"])
def bench_step(
    cell: tuple[str, str, str],
    prepare: Callable[[Any], Callable[[], object]],
    parts: Callable[..., Any],
    benchmark: Any,
) -> None:
    step = prepare(parts(*cell))
    rounds = 30 if cell[2] == "mini" else 3
    benchmark.pedantic(step, rounds=rounds, warmup_rounds=1)
