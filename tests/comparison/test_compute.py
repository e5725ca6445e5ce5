"""What cells were measured on, and their accuracy against compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.cli.main import run_command
from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.report.compute import (
    area_lines,
    area_table,
    curve_table,
    depth_curves,
    measured_alike,
    measured_table,
)
from trmbench.spec.trials import row_name
from trmbench.stats import seed_band
from trmbench.store import Store

GOOD, BAD = bernoulli(3, 50, 0.8), bernoulli(3, 50, 0.4, salt=1)


def compared(root: Path, **question: Any) -> ComparedCells:
    return compare_cells(Store(root), Question(**question))


def point(depth: int, share: float, lost: int = 0) -> dict[str, Any]:
    names = ("score", "exact_accuracy", "valid_accuracy", "cell_accuracy")
    figures = dict.fromkeys(names, share)
    return {"depth": depth, **figures, "halting_auc": 0.75, "lost": lost, "flops": depth * 1e9}


def test_a_table_shows_in_what_cells_differ_and_a_line_in_what_they_do_not(tmp_path: Path) -> None:
    alike = {"train_puzzles": 1000, "test_ids": "0123456789ab", "candidates": 1}
    add_cell(tmp_path, "trm", GOOD, row={**alike, "puzzle_embedding_parameters": 10**6})
    add_cell(tmp_path, "hrm", BAD, row={**alike, "train_puzzles": 3_831_994})
    found = compared(tmp_path)
    table = measured_table(found)
    assert table.headings == ("task", "model", "preset", "training puzzles")
    assert [row[-1] for row in table.rows] == ["1,000", "3,831,994"]
    line = measured_alike(found)
    assert "test set 0123456789ab" in line and "votes 1" in line and "seeds 3" in line
    assert "weights 30,000; weights with task memory 1,030,000 (trm)" in line
    [caution] = [c for c in found.groups[0].cautions if "training puzzles" in c]
    assert caution == "different training puzzles: 1,000 (trm); 3,831,994 (hrm)"


def test_what_a_step_keeps_for_its_gradient_is_told_where_models_differ(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, row={"activation_bytes": 14_278_912})
    add_cell(tmp_path, "hrm", BAD, row={"activation_bytes": 42_277_120})
    table = measured_table(compared(tmp_path))
    assert table.headings[-1] == "kept for gradients"
    assert [row[-1] for row in table.rows] == ["14 MB", "42 MB"]


def test_a_trial_is_priced_at_the_rate_of_the_machine(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, row={"train_seconds": 3600.0, "test_seconds": 1800.0})
    add_cell(tmp_path, "hrm", BAD, row={"train_seconds": 7200.0, "test_seconds": 0.0})
    table = measured_table(compared(tmp_path, dollars_per_hour=2.5))
    assert [row[table.headings.index("dollars")] for row in table.rows] == ["3.75", "5.00"]


def test_the_time_of_a_test_that_went_deeper_is_not_that_of_its_answers(tmp_path: Path) -> None:
    deeper = {"by_depth": [point(4, 0.5), point(64, 0.6)], "test_seconds": 20.0}
    add_cell(tmp_path, "trm", GOOD, row={"depth": 4, "test_puzzles": 50, **deeper})
    add_cell(tmp_path, "hrm", BAD, row={"depth": 4, "test_puzzles": 50, "test_seconds": 2.0})
    add_cell(tmp_path, "urm", BAD, row={"depth": 4, "test_puzzles": 50, "test_seconds": 3.0})
    table = measured_table(compared(tmp_path))
    seconds = [row[table.headings.index("seconds per answer")] for row in table.rows]
    assert seconds == ["-", "0.04 s", "0.06 s"]


def test_the_best_depth_is_an_oracles_and_the_tested_one_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    curve = [point(1, 0.2), point(4, 0.6, 1), point(16, 0.7, 3), point(64, 0.65, 9)]
    add_cell(tmp_path, "trm", GOOD, row={"by_depth": curve, "depth": 16}, steps=16)
    shorter = [point(1, 0.3), point(4, 0.5), point(16, 0.4)]
    add_cell(tmp_path, "hrm", BAD, row={"by_depth": shorter, "depth": 4}, steps=4)
    found = compared(tmp_path)
    table = curve_table(found)
    assert [row[-1] for row in table.rows if row[1] == "trm"] == ["", "", "tested, oracle", ""]
    assert [row[-1] for row in table.rows if row[1] == "hrm"] == ["", "tested, oracle", ""]
    assert [row[2:] for row in table.rows][3] == (
        *("64", "65.0 %", "46.4 to 80.8", "9.0", "0.750", "6.40e+10"),  # one seed of 50 puzzles
        "",
    )
    assert run_command(["compare", "--curve", "--format=json", f"--results={tmp_path}"]) == 0
    [first, second] = json.loads(capsys.readouterr().out)["curves"]
    assert (first["oracle_depth"], second["oracle_depth"]) == (16, 4)
    assert first["flops"] == [1e9, 4e9, 16e9, 64e9]


def test_the_band_is_over_seeds_and_one_seed_has_none(tmp_path: Path) -> None:
    for seed, share in enumerate((0.5, 0.6, 0.7)):
        row = {"by_depth": [point(1, share / 2), point(2, share)]}
        add_cell(tmp_path, "trm", GOOD[seed : seed + 1], row=row, overrides={"model.n": seed})
    alone = depth_curves(compared(tmp_path).cells)
    assert all(np.isnan(curve.band[0]).all() for curve in alone)
    low, high = seed_band(np.array([[0.5, 0.0], [0.6, 0.0], [0.7, 0.0]]))
    half = 4.302652730 * 0.1 / np.sqrt(3)  # Student's t with 2 degrees of freedom
    assert low == pytest.approx([0.6 - half, 0]) and high == pytest.approx([0.6 + half, 0])


def curved(
    root: Path, model: str, top: float, step: float = 0.02, scores: np.ndarray = GOOD, **row: Any
) -> None:
    """A cell of three seeds with depth curves that differ a little."""
    store = Store(root)
    add_cell(root, model, scores, row=row)
    for row in [row for row in store.trials() if row["model"] == model]:
        more = step * row["seed"]
        curve = [point(1, 0.2 + more), point(4, top + more), point(16, top + more)]
        store.write("trials", row_name(row), [{**row, "by_depth": curve, "depth": 16}])


def test_a_curve_is_headed_by_its_area_over_log_flops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    curved(tmp_path, "trm", 0.8)
    curved(tmp_path, "hrm", 0.5)
    found = compared(tmp_path, curve=True)
    [trm, hrm] = area_table(found).rows
    assert trm[3] == "67.0 %" and hrm[3] == "44.5 %"  # half of the range rises, half is level
    [line] = area_lines(found)
    assert line.startswith("maze, area under the curve: trm is better than hrm by 22.5 points")
    assert "this test set; p " in line
    assert run_command(["compare", "--curve", f"--results={tmp_path}"]) == 0
    assert "area under the curve" in capsys.readouterr().out


def test_areas_are_compared_only_where_their_cells_are(tmp_path: Path) -> None:
    curved(tmp_path, "trm", 0.8, train_puzzles=1000)
    curved(tmp_path, "hrm", 0.5, train_puzzles=2000)
    lost = np.vstack([GOOD, np.full((1, 50), np.nan)])
    curved(tmp_path, "eqr", 0.5, scores=lost, train_puzzles=1000)
    lines = "\n".join(area_lines(compared(tmp_path)))
    assert "trm and hrm are not compared: their training puzzles differ (trm: 1,000" in lines
    assert "curve: No verdict: 1 of 4 seeds of eqr did not finish" in lines
    assert (
        "FORCED although their training puzzles differ"
        in area_lines(compared(tmp_path, force=True))[0]
    )
    assert len(area_lines(compared(tmp_path, baseline="trm"))) == 2


def test_equal_areas_of_seeds_that_differ_are_a_coincidence(tmp_path: Path) -> None:
    curved(tmp_path, "trm", 0.57, step=0)
    curved(tmp_path, "hrm", 0.5, step=0, scores=BAD)
    [line] = area_lines(compared(tmp_path))
    assert line.startswith("maze, area under the curve: Undecided: trm is 5.2 points above hrm")


def test_a_target_is_claimed_from_ten_seeds_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_cell(tmp_path, "trm", bernoulli(10, 400, 0.8))
    add_cell(tmp_path, "hrm", GOOD)
    command = ["compare", "--exceeds", "75", "--format=json", f"--results={tmp_path}"]
    assert run_command(command) == 0
    [first, second] = json.loads(capsys.readouterr().out)["claims"]
    assert first["verdict"] == "exceeds" and "trm exceeds 75 % (mean " in first["explanation"]
    assert "3 seeds: it takes 10 or more" in second["explanation"]
    [claim, _] = compared(tmp_path, exceeds=0.75, where="seed != 3").claims
    assert "No claim" in str(claim[1])
    assert run_command(["compare", "--exceeds", "0.75", "--where", "seed > 0", *command[4:]]) == 0
    assert "takes 10 or more" in capsys.readouterr().out


def test_rows_of_before_have_a_curve_of_every_step_without_costs(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, steps=4)
    [curve] = depth_curves(compared(tmp_path).cells)
    assert curve.depths.tolist() == [1, 2, 3, 4] and curve.tested == 4
    assert curve.mean[-1] == pytest.approx(GOOD.mean()) and np.isnan(curve.flops).all()


def test_comparing_few_tasks_loads_no_scipy_stats(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD)
    code = (
        "import sys; from trmbench.cli.main import run_command\n"
        f"assert run_command(['compare', '--results', {str(tmp_path)!r}]) == 0\n"
        "assert not {'scipy.stats', 'pandas', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
