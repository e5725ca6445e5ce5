"""Where a puzzle has several right answers, each of them counts, and the label is next to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.report import tables
from trmbench.spec.trials import row_name
from trmbench.store import Store

EXACT = bernoulli(3, 100, 0.4)
VALID = EXACT | bernoulli(3, 100, 0.3, salt=2)


def compared(root: Path, **question: Any) -> ComparedCells:
    return compare_cells(Store(root), Question(**question))


def add(root: Path, model: str, metric: str) -> None:
    """A cell of which some answers are right and not the label."""
    counted = VALID if metric == "valid_accuracy" else EXACT
    add_cell(root, model, counted, metric=metric)
    store = Store(root)
    for seed, row in enumerate(r for r in store.trials() if r["model"] == model):
        name = row_name(row)
        columns = store.read("puzzles", names=[name]).to_pydict()
        told = {"exact": EXACT[seed].tolist(), "valid": VALID[seed].tolist()}
        store.write("puzzles", name, {**columns, **told})
        shares = {f"{key}_accuracy": float(np.mean(value)) for key, value in told.items()}
        store.write("trials", name, [{**row, **shares}])


def test_earlier_trials_count_as_later_ones_and_are_said_to(tmp_path: Path) -> None:
    add(tmp_path, "before", "exact_accuracy")
    add(tmp_path, "today", "valid_accuracy")
    found = compared(tmp_path)
    assert [cell.interval.mean for cell in found.cells] == pytest.approx([VALID.mean()] * 2)
    (difference,) = found.differences
    assert difference.comparison is not None
    assert difference.comparison.estimate.difference == 0
    [note] = [note for note in found.notes if "count every valid answer" in note]
    assert note.startswith("maze: trials of before")


def test_earlier_trials_alone_count_as_they_did(tmp_path: Path) -> None:
    add(tmp_path, "before", "exact_accuracy")
    [cell] = compared(tmp_path).cells
    assert cell.metric == "exact_accuracy" and cell.interval.mean == pytest.approx(EXACT.mean())


def test_the_label_alone_counts_on_request(tmp_path: Path) -> None:
    add(tmp_path, "before", "exact_accuracy")
    add(tmp_path, "today", "valid_accuracy")
    found = compared(tmp_path, metric="exact_accuracy")
    assert [cell.interval.mean for cell in found.cells] == pytest.approx([EXACT.mean()] * 2)


def test_the_table_has_both_figures(tmp_path: Path) -> None:
    add(tmp_path, "today", "valid_accuracy")
    table = tables.cells(compared(tmp_path).cells)
    assert table.title.startswith("Valid accuracy")
    [row] = table.rows
    assert row[table.headings.index("exact")] == f"{100 * EXACT.mean():.1f} %"
    assert row[table.headings.index("mean")] == f"{100 * VALID.mean():.1f} %"


def test_a_task_with_one_right_answer_has_one_column(tmp_path: Path) -> None:
    row = {"valid_accuracy": float(EXACT[0].mean())}
    add_cell(tmp_path, "trm", EXACT[:1], row=row)
    assert "valid" not in tables.cells(compared(tmp_path).cells).headings
