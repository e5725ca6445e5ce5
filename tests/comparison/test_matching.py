"""Cells that were tested with different budgets are compared at equal ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.store import Store

GOOD, BAD = bernoulli(3, 200, 0.8), bernoulli(3, 200, 0.4, salt=1)


def compared(root: Path, **question: Any) -> ComparedCells:
    return compare_cells(Store(root), Question(**question))


def cost(each: float, steps: int, **further: Any) -> dict[str, Any]:
    """Columns of a row that tell what a supervision step and an answer cost."""
    told = {"flops_per_step": each, "flops_per_answer": each * steps, "depth": steps}
    return {**told, "test_seconds": 8.0, **further}


def share_after(scores: np.ndarray, step: int, steps: int) -> float:
    """What `add_cell` has solved after a step, of so many."""
    return float((scores & (np.arange(scores.shape[1]) % steps < step)).mean())


def test_unequal_depths_are_compared_at_the_smaller_one(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=16)
    add_cell(tmp_path, "hrm", BAD, steps=4)
    (difference,) = compared(tmp_path).differences
    assert difference.comparison is not None and not difference.obstacles
    expected = share_after(GOOD, 4, 16) - BAD.mean()
    assert difference.comparison.estimate.difference == pytest.approx(expected)
    said = "Matched at 4 supervision steps: trm at depth 4 and hrm at depth 4: "
    assert difference.explanation.startswith(said)


def test_equal_depths_are_compared_as_they_were_tested(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=4)
    add_cell(tmp_path, "hrm", BAD, steps=4)
    (difference,) = compared(tmp_path).differences
    assert not difference.match.is_moved and difference.match.line is None


def test_at_equal_cost_each_has_its_greatest_depth_within_the_smaller_budget(
    tmp_path: Path,
) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=16, row=cost(1e9, 16))
    add_cell(tmp_path, "hrm", BAD, steps=4, row=cost(2.5e9, 4))
    (difference,) = compared(tmp_path, match="flops").differences
    assert (difference.match.a.depth, difference.match.b.depth) == (10, None)
    expected = share_after(GOOD, 10, 16) - BAD.mean()
    assert difference.comparison is not None
    assert difference.comparison.estimate.difference == pytest.approx(expected)
    said = "trm at depth 10 (1e+10 FLOPs per puzzle) and hrm at depth 4 (1e+10 FLOPs per puzzle)"
    assert said in difference.explanation


def test_seconds_are_shared_out_over_the_steps(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=16, row=cost(1e9, 16))
    add_cell(tmp_path, "hrm", BAD, steps=4, row=cost(1e9, 4, test_seconds=2.1))
    (difference,) = compared(tmp_path, match="seconds").differences
    assert (difference.match.a.depth, difference.match.b.depth) == (4, None)


def test_tests_of_the_same_weights_lend_each_other_their_depths(tmp_path: Path) -> None:
    for steps in (4, 16, 64):
        how = {"steps": steps}
        for model, scores, each in (("trm", GOOD, 1e9), ("hrm", BAD, 4e9)):
            row = {**cost(each, steps), "exact_accuracy_by_step": None}
            add_cell(tmp_path, model, scores, steps=steps, evaluation=how, row=row)
    found = compared(tmp_path, match="flops")
    across = [d for d in found.differences if d.a.model != d.b.model]
    done = [{p.cell.model: p.cost.depth for p in d.match[:2]} for d in across if d.comparison]
    # Once each: trm at 16 costs what hrm at 4 does, and trm at 64 what hrm at 16 does.
    assert sorted((depths["trm"], depths["hrm"]) for depths in done) == [(16, 4), (64, 16)]
    assert any("ask what another pair asks" in note for note in found.notes)


def test_what_cannot_be_made_as_cheap_is_refused_with_the_figures(tmp_path: Path) -> None:
    add_cell(tmp_path, "search", GOOD, steps=1, row={**cost(1e9, 4), "flops_per_answer": 4e11})
    add_cell(tmp_path, "hrm", BAD, steps=4, row=cost(1e9, 4))
    (difference,) = compared(tmp_path, match="flops").differences
    assert difference.verdict == "refused"
    told = "hrm has 4e+09 FLOPs per puzzle, and search was tested with 4e+11 FLOPs per puzzle"
    assert told in difference.explanation


def test_rows_that_tell_no_cost_cannot_be_matched_by_it(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=16)
    add_cell(tmp_path, "hrm", BAD, steps=4, row=cost(1e9, 4))
    (difference,) = compared(tmp_path, match="flops").differences
    assert "the FLOPs per puzzle of trm are not known" in difference.explanation


def test_other_budgets_are_no_obstacle_for_one_who_wants_them(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=16)
    add_cell(tmp_path, "hrm", BAD, steps=4, row={"votes": 8})
    (difference,) = compared(tmp_path, match="none").differences
    assert difference.verdict == "better" and not difference.match.is_moved


def test_scores_that_do_not_fit_their_row_are_not_compared(tmp_path: Path) -> None:
    wrong = {"exact_accuracy_by_step": [0.9] * 16}
    add_cell(tmp_path, "trm", GOOD, steps=16, row=wrong)
    add_cell(tmp_path, "hrm", BAD, steps=4)
    (difference,) = compared(tmp_path).differences
    assert difference.verdict == "refused" and "does not fit its row" in difference.explanation
