"""Figures of grouped puzzles: by which rule a group counts, and what is never pooled."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.errors import TrmbenchError
from trmbench.report import tables
from trmbench.spec.ids import trial_hash
from trmbench.store import Store

SOLVED = np.array([[1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0]])
GROUPS = ["a", "a", "b", "c", "c", "c"]


def compared(root: Path, **question: Any) -> ComparedCells:
    return compare_cells(Store(root), Question(**question))


def arc_cell(root: Path, model: str, metric: str) -> None:
    add_cell(root, model, SOLVED, task="arc1", groups=GROUPS, metric=metric)


@pytest.mark.parametrize(
    ("metric", "expected", "units"),
    [
        ("fractional_vote@2", [(1 / 2 + 1 + 1 / 3) / 3, (1 + 0 + 1 / 3) / 3], 3),
        ("all_vote@2", [1 / 3, 1 / 3], 3),
        ("output_vote@2", [3 / 6, 3 / 6], 6),
        ("exact_accuracy", [(1 / 2 + 1 + 1 / 3) / 3, (1 + 0 + 1 / 3) / 3], 3),
    ],
)
def test_a_group_counts_by_the_rule_that_the_metric_names(
    metric: str, expected: list[float], units: int, tmp_path: Path
) -> None:
    arc_cell(tmp_path, "trm", metric)
    (cell,) = compared(tmp_path).cells
    assert cell.moments.seed_means == pytest.approx(expected)
    assert cell.puzzles == units
    counted = "6 test puzzles" if units == 6 else "3 groups of 6 test puzzles"
    assert counted in tables.footnote([cell])


def test_figures_by_different_rules_are_compared_only_by_one(tmp_path: Path) -> None:
    arc_cell(tmp_path, "trm", "fractional_vote@2")
    arc_cell(tmp_path, "hrm", "all_vote@2")
    (difference,) = compared(tmp_path).differences
    assert difference.verdict == "refused"
    assert "--metric fractional_vote@2 scores both alike" in difference.explanation
    (alike,) = compared(tmp_path, metric="output_vote@2").differences
    assert alike.comparison is not None and alike.comparison.estimate.difference == 0
    assert alike.a.moments.mean == pytest.approx(0.5)


def test_what_counts_groups_is_not_paired_with_what_counts_puzzles(tmp_path: Path) -> None:
    arc_cell(tmp_path, "trm", "fractional_vote@2")
    arc_cell(tmp_path, "hrm", "output_vote@2")
    (difference,) = compared(tmp_path, force=True).differences
    assert difference.comparison is None and difference.verdict == "refused"


def test_scores_of_an_earlier_version_stay_apart_from_later_ones(tmp_path: Path) -> None:
    store = Store(tmp_path)
    arc_cell(tmp_path, "trm", "exact_accuracy")
    later = Store(tmp_path / "later")
    arc_cell(tmp_path / "later", "trm", "fractional_vote@2")
    for row in later.trials():
        trial = later.trial_of(row)
        seed = row["seed"] + 2
        other = dataclasses.replace(trial, trial_id=trial_hash(trial.cell_id, seed), seed=seed)
        puzzles = later.read("puzzles", names=[trial.name]).to_pydict()
        store.write("puzzles", other.name, puzzles)
        figures = ("status", "primary_metric", "score", "provenance", "started_at")
        store.write_trial(other, {name: row[name] for name in figures})
    old, new = compared(tmp_path).cells
    assert (old.metric, new.metric) == ("exact_accuracy", "fractional_vote@2")
    assert [len(cell.trials) for cell in (old, new)] == [2, 2]
    assert old.name != new.name and "exact_accuracy" in old.name
    table = tables.cells([old, new])
    metric = table.headings.index("metric")
    assert [row[metric] for row in table.rows] == [
        "exact accuracy",
        "fractional vote@2 (2 attempts)",
    ]
    asked = compared(tmp_path, metric="all_vote@2")
    assert [len(cell.trials) for cell in asked.cells] == [2]
    assert sum("it was scored by exact_accuracy" in note for note in asked.notes) == 1


def test_summaries_over_tasks_leave_out_a_task_with_several_metrics(tmp_path: Path) -> None:
    for task in ("a", "b", "c", "d", "arc1"):
        for model in ("trm", "hrm"):
            metric = "all_vote@2" if (model, task) == ("hrm", "arc1") else "exact_accuracy"
            add_cell(tmp_path, model, SOLVED, task=task, metric=metric)
    found = compared(tmp_path).across
    assert found is not None and found.tasks == tuple(f"{task} mini" for task in "abcd")


def test_a_table_of_one_metric_names_it_in_its_title(tmp_path: Path) -> None:
    arc_cell(tmp_path, "trm", "fractional_vote@2")
    table = tables.cells(compared(tmp_path).cells)
    assert table.title.startswith("Fractional vote@2 (2 attempts)")
    assert "metric" not in table.headings


def test_a_figure_without_a_rule_is_no_metric(tmp_path: Path) -> None:
    arc_cell(tmp_path, "trm", "fractional_vote@2")
    with pytest.raises(TrmbenchError, match="unknown metric 'vote@2'"):
        compared(tmp_path, metric="vote@2")
