from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.errors import TrmbenchError
from trmbench.report.tables import footnote
from trmbench.stats import compare, interval
from trmbench.store import Store

GOOD, BAD = bernoulli(5, 200, 0.8), bernoulli(5, 200, 0.4, salt=1)


def compared(root: Path, **question: object) -> ComparedCells:
    return compare_cells(Store(root), Question(**question))  # type: ignore[arg-type]


def test_cells_and_differences_are_those_of_the_statistics(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD)
    found = compared(tmp_path)
    assert [cell.name for cell in found.cells] == ["trm", "hrm"]
    assert found.cells[0].interval == interval(GOOD)
    (difference,) = found.differences
    assert difference.comparison == compare(GOOD, BAD, names=("trm", "hrm"))
    assert difference.verdict == "better"
    assert difference.puzzles is not None
    assert difference.puzzles.both + difference.puzzles.only_a == pytest.approx(200 * GOOD.mean())


def test_puzzles_in_another_order_are_aligned(tmp_path: Path) -> None:
    ids = [f"p{i:05}" for i in range(200)]
    order = np.random.default_rng(0).permutation(200)
    add_cell(tmp_path / "same", "trm", GOOD)
    add_cell(tmp_path / "same", "hrm", BAD)
    add_cell(tmp_path / "other", "trm", GOOD)
    add_cell(tmp_path / "other", "hrm", BAD[:, order], puzzle_ids=[ids[i] for i in order])
    same, other = (compared(tmp_path / name).differences[0] for name in ("same", "other"))
    assert other.obstacles == ()
    assert other.puzzles == same.puzzles


def test_the_groups_of_a_task_are_its_units(tmp_path: Path) -> None:
    groups = [f"g{i // 4}" for i in range(200)]
    add_cell(tmp_path, "trm", GOOD, groups=groups)
    cell = compared(tmp_path).cells[0]
    assert cell.puzzles == 50
    assert cell.moments.puzzle_means == pytest.approx(GOOD.reshape(5, 50, 4).mean(axis=(0, 2)))


def test_tasks_and_presets_are_never_mixed(tmp_path: Path) -> None:
    for preset in ("mini", "paper"):
        add_cell(tmp_path, "trm", GOOD, preset=preset)
        add_cell(tmp_path, "hrm", BAD, preset=preset)
    add_cell(tmp_path, "trm", GOOD, task="sudoku")
    found = compared(tmp_path)
    assert [(group.task, group.preset) for group in found.groups] == [
        ("maze", "mini"),
        ("maze", "paper"),
        ("sudoku", "mini"),
    ]
    assert all(d.a.preset == d.b.preset and d.a.task == d.b.task for d in found.differences)
    assert len(found.differences) == 2
    assert any("presets mini, paper" in note for note in found.notes)


def test_all_differences_of_a_call_are_one_family(tmp_path: Path) -> None:
    for salt, model in enumerate(("a", "b", "c")):
        add_cell(tmp_path, model, bernoulli(5, 200, 0.6 + 0.02 * salt, salt=salt))
    found = [d.comparison for d in compared(tmp_path).differences]
    raw = sorted(c.estimate.p_value for c in found if c)
    assert min(c.evidence.p_corrected for c in found if c) == pytest.approx(min(1.0, 3 * raw[0]))
    only = compared(tmp_path, baseline="c").differences
    assert [(d.a.name, d.b.name) for d in only] == [("a", "c"), ("b", "c")]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"puzzle_ids": [f"q{i:05}" for i in range(200)]}, "puzzles differ"),
        ({"metric": "pass@2"}, "scored differently"),
        ({"row": {"votes": 8}}, "vote budgets differ"),
    ],
)
def test_what_is_not_comparable_is_refused_with_the_reason(
    tmp_path: Path, other: dict[str, object], reason: str
) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD, **other)  # type: ignore[arg-type]
    (difference,) = compared(tmp_path).differences
    assert difference.verdict == "refused"
    assert difference.comparison is None
    assert reason in difference.explanation


def test_a_forced_comparison_uses_the_shared_puzzles_and_says_so(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD[:, :150], evaluation={"limit": 150})
    (refused,) = compared(tmp_path).differences
    assert refused.verdict == "refused"
    (forced,) = compared(tmp_path, force=True).differences
    assert forced.comparison == compare(GOOD[:, :150], BAD[:, :150], names=("trm", "hrm"))
    assert forced.forced
    assert forced.explanation.startswith("FORCED although their puzzles differ")


def test_nothing_shared_stays_refused_even_when_forced(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD, puzzle_ids=[f"q{i:05}" for i in range(200)])
    (difference,) = compared(tmp_path, force=True).differences
    assert difference.verdict == "refused"


def test_a_one_shot_model_may_be_compared_with_a_recursive_one(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "direct", BAD, steps=1)
    assert compared(tmp_path).differences[0].verdict == "better"


def test_failed_trials_stay_in_the_table_and_block_the_verdict(tmp_path: Path) -> None:
    failed = np.vstack([GOOD.astype(float), np.full((1, 200), np.nan)])
    add_cell(tmp_path, "trm", failed)
    add_cell(tmp_path, "hrm", BAD)
    found = compared(tmp_path)
    assert [row["error"] for row in found.failed] == ["out of memory"]
    assert found.differences[0].verdict == "refused"
    said = found.differences[0].explanation
    assert "1 of 6 seeds of trm did not finish" in said
    assert "trm (seed 5, failed); `trmbench resume`, or --ignore-failed" in said
    assert compared(tmp_path, ignore_failed=True).differences[0].verdict == "better"


def test_below_three_seeds_there_is_no_verdict_on_the_models(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD[:2])
    add_cell(tmp_path, "hrm", BAD)
    assert compared(tmp_path).differences[0].verdict == "refused"


def test_a_margin_makes_equivalence_possible(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", np.roll(GOOD, 1, axis=0))
    assert compared(tmp_path).differences[0].verdict == "undecided"
    assert compared(tmp_path, margin=0.2).differences[0].verdict == "equivalent"
    with pytest.raises(TrmbenchError, match="margin"):
        compared(tmp_path, margin=3.0)


def test_other_circumstances_are_cautions(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    other = {"packages": {"torch": "2.7.0"}, "model": {"distribution": "x", "version": "2"}}
    add_cell(tmp_path, "hrm", BAD, provenance=other, row={"device": "a GPU"})
    (group,) = compared(tmp_path).groups
    assert any("hardware: cpu (trm); a GPU (hrm)" in line for line in group.cautions)
    assert any("torch: 2.6.0 (trm); 2.7.0 (hrm)" in line for line in group.cautions)
    assert group.differences[0].verdict == "better"


def test_equal_circumstances_give_no_caution(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD)
    assert compared(tmp_path).groups[0].cautions == ()


def test_another_metric_is_read_from_its_own_column(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    cell = compared(tmp_path, metric="cell_accuracy").cells[0]
    assert cell.metric == "cell_accuracy"
    assert cell.interval.mean == pytest.approx(0.5 + GOOD.mean() / 2)
    with pytest.raises(TrmbenchError, match="unknown metric 'cel_accuracy'"):
        compared(tmp_path, metric="cel_accuracy")


def test_cells_of_one_model_have_names_that_tell_them_apart(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "trm", BAD, overrides={"model.n": 1})
    add_cell(tmp_path, "trm", BAD, evaluation={"votes": 8}, row={"votes": 8})
    names = [cell.name for cell in compared(tmp_path).cells]
    assert names == ["trm", "trm (model.n=1)", "trm (votes=8)"]
    with pytest.raises(TrmbenchError, match="unknown baseline 'hrm'"):
        compared(tmp_path, baseline="hrm")


@pytest.mark.parametrize(
    "evaluation", [{"weights": "raw"}, {"identifiers": "blank"}, {"steps": 32}, {"early_exit": 0}]
)
def test_two_evaluations_of_a_trial_have_names_that_say_what_differs(
    evaluation: dict[str, Any], tmp_path: Path
) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "trm", BAD, evaluation=evaluation)
    [(key, value)] = evaluation.items()
    assert [cell.name for cell in compared(tmp_path).cells] == ["trm", f"trm ({key}={value})"]


def test_what_all_cells_override_is_said_once(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, overrides={"train.steps": 200, "model.n": 3})
    add_cell(tmp_path, "hrm", BAD, overrides={"train.steps": 200})
    found = compared(tmp_path)
    assert [cell.name for cell in found.cells] == ["trm (model.n=3)", "hrm"]
    assert "All of them: train.steps=200." in footnote(found.cells)


def test_an_ambiguous_baseline_is_refused(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, overrides={"model.n": 1})
    add_cell(tmp_path, "trm", BAD, overrides={"model.n": 3})
    with pytest.raises(TrmbenchError, match=r"may be any of trm \(model.n=1\), trm \(model.n=3\)"):
        compared(tmp_path, baseline="trm")


def test_four_tasks_are_summed_up_and_three_are_not(tmp_path: Path) -> None:
    for task in ("maze", "sudoku", "arc1"):
        add_cell(tmp_path, "trm", GOOD, task=task)
        add_cell(tmp_path, "hrm", BAD, task=task)
    assert compared(tmp_path).across is None
    add_cell(tmp_path, "trm", GOOD, task="arc2")
    add_cell(tmp_path, "hrm", BAD, task="arc2")
    across = compared(tmp_path).across
    assert across is not None
    assert across.tasks == ("maze mini", "sudoku mini", "arc1 mini", "arc2 mini")
    assert across.interquartile_means["trm"].value == pytest.approx(GOOD.mean(), abs=0.02)
    assert across.improvement["trm", "hrm"].value == 1
    assert across.means["hrm"].value == pytest.approx(BAD.mean())


def test_presets_are_no_further_tasks(tmp_path: Path) -> None:
    for task in ("maze", "sudoku"):
        for preset in ("mini", "paper"):
            add_cell(tmp_path, "trm", GOOD, task=task, preset=preset)
    assert compared(tmp_path).across is None
    for task in ("arc1", "arc2"):
        add_cell(tmp_path, "trm", GOOD, task=task)
    across = compared(tmp_path).across
    assert across is not None
    assert across.tasks == ("maze mini", "sudoku mini", "arc1 mini", "arc2 mini")


def test_where_that_matches_nothing_and_an_empty_store_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="no trials in"):
        compared(tmp_path)
    add_cell(tmp_path, "trm", GOOD)
    with pytest.raises(TrmbenchError, match="no trial matches"):
        compared(tmp_path, where="model = hrm")


def test_a_collapsed_seed_is_a_caution_with_its_number_and_the_median(tmp_path: Path) -> None:
    scores = bernoulli(5, 400, 0.8)
    scores[3] = bernoulli(1, 400, 0.3)[0]
    add_cell(tmp_path, "dart", scores)
    add_cell(tmp_path, "hrm", bernoulli(5, 400, 0.8, salt=1))
    (line,) = (line for line in compared(tmp_path).groups[0].cautions if "lies" in line)
    assert line.startswith("1 of 5 seeds of dart (seed 3: ")
    assert f"median is {100 * np.median(scores.mean(axis=1)):.1f} %" in line
    assert line.endswith("1 of 5 runs are such: 1 to 72 % of all may be")


def test_a_whole_benchmark_has_both_verdicts_where_they_disagree(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    a, b = ((generator.random((8, 60)) < generator.random(60) ** p) for p in (0.8, 1.3))
    for task in ("arc1", "maze"):
        add_cell(tmp_path, "trm", a, task=task)
        add_cell(tmp_path, "hrm", b, task=task)
    arc, maze = compared(tmp_path).differences
    assert arc.verdict == "undecided" and arc.on_this_set is not None
    assert arc.explanation.startswith("trm is better than hrm by ")
    assert "this test set; p " in arc.explanation
    assert ". On puzzles like these: Undecided: trm is " in arc.explanation
    assert maze.on_this_set is None and maze.explanation.startswith("Undecided")
    assert compared(tmp_path, population=60).differences[0].on_this_set is None
