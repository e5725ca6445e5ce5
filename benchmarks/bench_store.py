"""Writing, reading and comparing results, with the test puzzles of the two presets."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
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


@pytest.mark.parametrize("trials", [2_000, 20_000])
def bench_compare_many_trials(trials: int, tmp_path: Path, benchmark: Any) -> None:
    """Eight cells of many seeds with 1,000 puzzles each.

    Reading is one pass over the files, two for each trial, so the time grows with the trials:
    2,000 take 2.3 s of processor time (the whole command) and 124 MB, 20,000 take 19 s and 307 MB.
    """
    with patch.object(Path, "rglob", lambda self, pattern: ()):  # it would count every file
        for salt in range(8):
            add_cell(tmp_path, f"model-{salt}", bernoulli(trials // 8, 1_000, 0.5, salt))
    found = benchmark.pedantic(lambda: compare_cells(Store(tmp_path), Question()), rounds=3)
    assert sum(len(cell.trials) for cell in found.cells) == trials
