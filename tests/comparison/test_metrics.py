"""Figures of candidates, abstentions and scores of a task as metrics of `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.several import add_columns, add_searched
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, Question, compare_cells
from trmbench.comparison.depth_curves import depth_curve
from trmbench.errors import TrmbenchError
from trmbench.store import Store

RANKED = np.random.default_rng(0).random((3, 40, 4)) < np.array([0.6, 0.5, 0.4, 0.3])
EACH = RANKED.sum(axis=2)


def compared(root: Path, metric: str, **question: Any) -> ComparedCells:
    return compare_cells(Store(root), Question(metric=metric, **question))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three seeds of a model that has four candidates of each puzzle."""
    root = tmp_path_factory.mktemp("searched")
    add_searched(root, "ptrm", RANKED)
    return root


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("pass@4", (EACH > 0).mean()),
        ("pass@K", (EACH > 0).mean()),
        ("pass@1", RANKED.mean()),
        ("selected@4", RANKED[:, :, 0].mean()),
        ("selected@K", RANKED[:, :, 0].mean()),
        ("selected@1", RANKED.mean()),
        ("mode@4", RANKED[:, :, 3].mean()),
        ("coverage@K", (EACH / 8).mean()),
        ("coverage@1", RANKED.mean() / 8),
        ("abstained", 0.0),
    ],
)
def test_a_figure_of_candidates_is_a_metric(metric: str, expected: float, searched: Path) -> None:
    (cell,) = compared(searched, metric).cells
    assert cell.metric == metric and len(cell.trials) == 3
    assert cell.interval.mean == pytest.approx(expected)


def test_figures_of_candidates_have_verdicts_and_a_single_answer_is_one_candidate(
    tmp_path: Path,
) -> None:
    add_searched(tmp_path, "ptrm", RANKED)
    add_cell(tmp_path, "trm", bernoulli(3, 40, 0.02))
    (found,) = compared(tmp_path, "pass@1").differences
    assert (found.a.model, found.b.model, found.verdict) == ("ptrm", "trm", "better")
    assert found.comparison is not None
    assert found.comparison.estimate.difference == pytest.approx(
        RANKED.mean() - bernoulli(3, 40, 0.02).mean()
    )
    several = compared(tmp_path, "pass@4")
    assert [len(cell.trials) for cell in several.cells] == [3, 0]
    assert "left out trm maze seeds 0, 1, 2: its puzzles have 1 candidate, fewer than 4" in (
        several.notes
    )
    (refused,) = several.differences
    assert "no trial of trm has the scores that are asked for" in refused.explanation


def test_single_answers_are_covered_by_the_counts_of_trials_that_counted(tmp_path: Path) -> None:
    add_searched(tmp_path, "ptrm", RANKED)
    single = bernoulli(3, 40, 0.5)
    add_cell(tmp_path, "trm", single)
    (found,) = compared(tmp_path, "coverage@1").differences
    assert found.comparison is not None
    assert found.b.interval.mean == pytest.approx(single.mean() / 8)
    alone = compared(tmp_path, "coverage@1", where="model = trm").cells[0]
    assert alone.interval.mean == pytest.approx(single.mean() / 8)


def test_counts_for_other_data_are_not_taken(tmp_path: Path) -> None:
    add_searched(tmp_path, "ptrm", RANKED)
    add_cell(tmp_path, "trm", bernoulli(3, 40, 0.5), provenance={"data": {"fingerprint": "beef"}})
    found = compared(tmp_path, "coverage@1")
    assert [len(cell.trials) for cell in found.cells] == [3, 0]
    assert sum("nobody counted the right answers to 40" in note for note in found.notes) == 1


def test_counts_are_not_taken_where_nobody_knows_what_data_a_trial_had(tmp_path: Path) -> None:
    add_searched(tmp_path, "ptrm", RANKED)
    add_cell(tmp_path, "trm", bernoulli(3, 40, 0.5))
    store = Store(tmp_path)
    for row in store.trials():
        store.write_trial(store.trial_of(row), {**row, "provenance": "{}"})
    found = compared(tmp_path, "coverage@1")
    assert [len(cell.trials) for cell in found.cells] == [3, 0]
    assert sum("nobody counted the right answers to 40" in note for note in found.notes) == 1


@pytest.mark.parametrize(
    ("metric", "changes", "reason"),
    [
        ("pass@9", {}, "its puzzles have 4 candidates, fewer than 9"),
        ("mode@2", {}, "the most frequent of its 4 candidates is known, not that of 2"),
        (
            "selected@2",
            {"right_by_score": [None] * 40},
            "whom it would choose of 2 of its 4 candidates is not known",
        ),
        (
            "coverage@4",
            {"solutions": [None] * 3 + [8] * 37},
            "nobody counted the right answers to 3 of its puzzles",
        ),
        ("coverage@K", {"solutions": [1] * 40}, "instead of 0..1"),
        ("pass@2", {"candidates_right": [None] * 40}, "40 of its puzzles have no candidates_right"),
    ],
)
def test_a_figure_that_is_not_known_is_left_out_with_the_reason(
    metric: str, changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    add_searched(tmp_path, "ptrm", RANKED, **changes)
    found = compared(tmp_path, metric)
    assert not found.cells[0].trials
    assert any(reason in note for note in found.notes), found.notes


@pytest.mark.parametrize("told", [{"candidates": 8}, {"votes": 8}])
def test_candidates_that_an_earlier_version_did_not_keep_are_no_single_answer(
    told: dict[str, int], tmp_path: Path
) -> None:
    add_cell(tmp_path, "ptrm", bernoulli(3, 40, 0.5), row=told)
    found = compared(tmp_path, "pass@K")
    assert not found.cells[0].trials and not found.several
    assert sum("its 8 answers to each puzzle were not kept" in n for n in found.notes) == 1


def test_abstentions_are_shares_of_puzzles(tmp_path: Path) -> None:
    add_searched(tmp_path, "ptrm", RANKED, abstained=[True] * 10 + [False] * 30)
    add_cell(tmp_path, "trm", bernoulli(3, 40, 0.5))
    found = compared(tmp_path, "abstained")
    assert [cell.interval.mean for cell in found.cells] == [0.25, 0.0]
    assert any("gives no answer to more" in note for note in found.notes)


def test_a_score_that_a_task_names_is_a_metric(tmp_path: Path) -> None:
    sharp = np.linspace(0, 1, 40)
    for trial in add_cell(tmp_path, "trm", bernoulli(3, 40, 0.5)):
        names, scores = [["other", "sharp"]] * 40, [[0.5, value] for value in sharp.tolist()]
        add_columns(tmp_path, trial.name, score_names=names, named_scores=scores)
    add_cell(tmp_path, "hrm", bernoulli(3, 40, 0.5))
    found = compared(tmp_path, "sharp")
    assert found.cells[0].interval.mean == pytest.approx(0.5)
    assert [len(cell.trials) for cell in found.cells] == [3, 0]
    reason = "its puzzles have no score sharp; it was scored by exact_accuracy"
    assert sum(reason in note for note in found.notes) == 1
    assert compared(tmp_path, "other", where="model == trm").cells[0].interval.mean == 0.5


def test_a_metric_that_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    add_searched(tmp_path, "ptrm", RANKED, score_names=[["sharp"]] * 40, named_scores=[[1.0]] * 40)
    with pytest.raises(TrmbenchError) as refused:
        compared(tmp_path, "shrp")
    assert refused.value.message == "unknown metric 'shrp'"
    assert refused.value.hint == (
        "did you mean 'sharp'? one of: abstained, cell_accuracy, coverage@K, exact_accuracy,"
        " mode@K, pass@K, score, selected@K, sharp, valid_accuracy"
    )
    with pytest.raises(TrmbenchError, match="unknown metric 'pass@0'"):
        compared(tmp_path, "pass@0")


def test_a_figure_of_candidates_has_no_curve_over_depth(searched: Path) -> None:
    assert depth_curve(compared(searched, "exact_accuracy").cells[0]) is not None
    assert depth_curve(compared(searched, "pass@4").cells[0]) is None
