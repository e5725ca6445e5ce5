"""One clear line for what is wrong, the right result on the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, Question, compare_cells
from trmbench.stats import interval
from trmbench.store import Store

GOOD = bernoulli(5, 100, 0.8)


def read(root: Path) -> tuple[ComparedCells, list[str]]:
    lines: list[str] = []
    found = compare_cells(Store(root, lines.append), Question())
    return found, [*lines, *found.notes]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_truncated_puzzles_file_costs_its_trial_only(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    truncate(tmp_path / "puzzles" / f"{trials[2].name}.parquet")
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(np.delete(GOOD, 2, axis=0))
    assert [line for line in lines if "damaged" in line and "skipped" in line]
    assert [line for line in lines if "left out trm maze seed 2" in line]
    assert len(lines) == 2


def test_a_truncated_trials_file_costs_its_trial_only(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    truncate(tmp_path / "trials" / f"{trials[4].name}.parquet")
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD[:4])
    assert len(lines) == 1


def test_an_older_schema_is_read_with_one_line(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    for trial in trials:
        path = tmp_path / "puzzles" / f"{trial.name}.parquet"
        table = pq.read_table(path).drop_columns(["score", "halt_probability"])
        pq.write_table(table.replace_schema_metadata({"trmbench_schema": "0"}), path)
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD)
    assert len(lines) == 1
    assert "schema version 0" in lines[0]


def test_a_trial_stored_twice_counts_once(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    source = tmp_path / "trials" / f"{trials[0].name}.parquet"
    (tmp_path / "trials" / "copy.parquet").write_bytes(source.read_bytes())
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD)
    assert lines == ["trm maze seed 0 is stored 2 times; the latest finished one counts"]


def test_a_finished_row_counts_rather_than_a_later_failed_one(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    row = Store(tmp_path).trials([trials[0].name])[0]
    Store(tmp_path).write("trials", "zz", [{**row, "status": "failed", "error": "later"}])
    found, _ = read(tmp_path)
    assert found.failed == []
    assert found.cells[0].interval.seeds == 5


def test_no_finished_trial_gives_a_row_without_numbers(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", np.full((2, 10), np.nan))
    add_cell(tmp_path, "hrm", GOOD)
    found, _ = read(tmp_path)
    cell = found.cells[0]
    assert (cell.interval.seeds, cell.interval.failed, cell.puzzles) == (0, 2, 0)
    assert np.isnan(cell.interval.mean)
    assert found.differences[0].explanation == "Not compared: trm has no finished trial."


def test_a_file_with_a_puzzle_twice_is_left_out(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD[:, :3], puzzle_ids=["p1", "p2", "p2"])
    found, lines = read(tmp_path)
    assert found.cells[0].interval.seeds == 0
    assert all("puzzles twice" in line for line in lines)


def test_a_row_whose_configuration_is_not_json_is_left_out(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    row = Store(tmp_path).trials([trials[0].name])[0]
    Store(tmp_path).write("trials", trials[0].name, [{**row, "config": "{"}])
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD[1:])
    assert len(lines) == 1
    assert "not JSON" in lines[0]


def test_scores_outside_the_range_are_left_out(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", 100.0 * GOOD)
    found, lines = read(tmp_path)
    assert found.cells[0].interval.seeds == 0
    assert "0..100 instead of 0..1" in lines[0]
