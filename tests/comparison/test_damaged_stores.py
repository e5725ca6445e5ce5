"""One clear line for what is wrong, the right result on the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
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


def test_a_copy_under_another_name_is_left_out(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    source = tmp_path / "trials" / f"{trials[0].name}.parquet"
    for name in ("copy", trials[1].name):
        (tmp_path / "trials" / f"{name}.parquet").write_bytes(source.read_bytes())
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(np.delete(GOOD, 1, axis=0))
    assert any("copy.parquet" in line and "not the name of a file" in line for line in lines)
    assert any(f"it belongs to trial {trials[0].trial_id}" in line for line in lines)
    assert len(lines) == 2


def test_puzzles_of_another_model_are_left_out(tmp_path: Path) -> None:
    trials = [add_cell(tmp_path, name, GOOD[:1])[0] for name in ("trm", "hrm")]
    one, other = (tmp_path / "puzzles" / f"{trial.name}.parquet" for trial in trials)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    found, lines = read(tmp_path)
    assert [cell.interval.seeds for cell in found.cells] == [0, 0]
    assert sum("it belongs to trial" in line for line in lines) == 2


def test_puzzles_of_an_older_version_are_known_by_their_columns(tmp_path: Path) -> None:
    trials = [add_cell(tmp_path, name, GOOD[:1])[0] for name in ("trm", "hrm")]
    for trial, other in zip(trials, trials[::-1], strict=True):
        table = Store(tmp_path).read("puzzles", names=[other.name]).replace_schema_metadata(None)
        (tmp_path / "later").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "later" / f"{trial.name}.parquet")
    shutil.rmtree(tmp_path / "puzzles")
    (tmp_path / "later").rename(tmp_path / "puzzles")
    found, lines = read(tmp_path)
    assert [cell.interval.seeds for cell in found.cells] == [0, 0]
    assert sum("it belongs to trial" in line for line in lines) == 2


def test_puzzles_that_do_not_fit_their_row_are_left_out(tmp_path: Path) -> None:
    """As when a file of another results folder, or of an earlier run, has taken their place."""
    trials = add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path / "other", "trm", ~GOOD[:1])
    name = f"{trials[0].name}.parquet"
    (tmp_path / "other" / "puzzles" / name).replace(tmp_path / "puzzles" / name)
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD[1:])
    assert len(lines) == 1
    assert "does not fit its row" in lines[0]


def test_a_changed_value_is_noticed(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    path = tmp_path / "puzzles" / f"{trials[0].name}.parquet"
    table = pq.read_table(path)
    changed = pa.array([1.0] * len(table))
    pq.write_table(table.set_column(table.column_names.index("score"), "score", changed), path)
    found, lines = read(tmp_path)
    assert found.cells[0].interval == interval(GOOD[1:])
    assert any("its score is not what was written" in line for line in lines)


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
    unknown = {"score": None, "exact_accuracy": None, "exact_accuracy_by_step": None}
    add_cell(tmp_path, "trm", 100.0 * GOOD, row=unknown)
    found, lines = read(tmp_path)
    assert found.cells[0].interval.seeds == 0
    assert "0..100 instead of 0..1" in lines[0]
