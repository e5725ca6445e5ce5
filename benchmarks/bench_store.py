"""Writing, reading and comparing results, with the test puzzles of the two presets."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import Question, compare_cells
from trmbench.store import Store

PUZZLES = {"mini": 1_000, "paper": 20_000}
"""Of a test split; Sudoku-Extreme has 422,786, of which trials are usually tested on a part."""
presets = pytest.mark.parametrize("preset", PUZZLES)


@presets
def bench_store_write(preset: str, tmp_path: Path, benchmark: Any) -> None:
    """All rows of one trial, without the wait for the disk."""
    scores = bernoulli(1, PUZZLES[preset], 0.5)
    folders = (tmp_path / str(number) for number in itertools.count())
    benchmark.pedantic(lambda: add_cell(next(folders), "trm", scores), rounds=5, warmup_rounds=1)


@presets
def bench_store_read(preset: str, tmp_path: Path, benchmark: Any) -> None:
    """The scores of ten trials."""
    for model in ("trm", "hrm"):
        add_cell(tmp_path, model, bernoulli(5, PUZZLES[preset], 0.5))
    columns = ["trial_id", "puzzle_id", "score"]
    table = benchmark(lambda: Store(tmp_path).read("puzzles", columns))
    assert len(table) == 10 * PUZZLES[preset]


@presets
def bench_compare(preset: str, tmp_path: Path, benchmark: Any) -> None:
    """Two models of five seeds each."""
    for salt, model in enumerate(("trm", "hrm")):
        add_cell(tmp_path, model, bernoulli(5, PUZZLES[preset], 0.5 + salt / 20, salt))
    store = Store(tmp_path)
    found = benchmark.pedantic(lambda: compare_cells(store, Question()), rounds=3, warmup_rounds=1)
    assert len(found.differences) == 1
