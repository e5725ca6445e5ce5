"""The Parquet store: whole files or none, damaged ones named and skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trmbench import Trial, TrmbenchError
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.store import Store
from trmbench.store.schemas import NEEDED, SCHEMAS

OTHER = "0123456789ab"
CELL = short_hash("cell")
TRIAL = Trial(
    trial_id=trial_hash(CELL, 0),
    cell_id=CELL,
    evaluation_id="e" * 12,
    model="m",
    task="t",
    preset="mini",
    seed=0,
    config={"task": {}, "model": {}, "train": {}, "evaluation": {"votes": 1}, "execution": {}},
    overrides={},
    results="",
)


def test_rows_come_back_with_their_types_and_missing_columns_null(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "folder")
    store.write_trial(TRIAL, {"status": "finished", "exact_accuracy": 0.5})
    [row] = store.trials()
    assert (row["trial_id"], row["seed"], row["exact_accuracy"]) == (TRIAL.trial_id, 0, 0.5)
    assert row["error"] is None and row["finished_at"] is not None


def test_pandas_reads_a_dataset_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path).write_trial(TRIAL, {"status": "finished"})
    frame = pd.read_parquet(tmp_path / "trials")
    assert list(frame.columns) == SCHEMAS["trials"].names


def test_the_schema_version_is_in_the_file(tmp_path: Path) -> None:
    Store(tmp_path).write_trial(TRIAL, {"status": "finished"})
    metadata = pq.read_schema(tmp_path / "trials" / f"{TRIAL.name}.parquet").metadata
    assert metadata[b"trmbench_schema"] == b"1"


def test_writing_again_replaces_the_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {"status": "failed"})
    store.write_trial(TRIAL, {"status": "finished"})
    assert [row["status"] for row in store.trials()] == ["finished"]


def test_a_truncated_file_is_named_once_and_the_rest_is_read(tmp_path: Path) -> None:
    lines: list[str] = []
    store = Store(tmp_path, lines.append)
    store.write_trial(TRIAL, {"status": "finished"})
    whole = (tmp_path / "trials" / f"{TRIAL.name}.parquet").read_bytes()
    broken = tmp_path / "trials" / f"{OTHER}-{OTHER}.parquet"
    broken.write_bytes(whole[: len(whole) // 2])
    assert len(store.trials()) == 1
    assert len(store.trials()) == 1
    assert len(lines) == 1 and broken.name in lines[0] and "damaged" in lines[0]


def test_a_file_of_an_older_schema_is_read_with_nulls(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    Store(tmp_path / "new").write_trial(TRIAL, {"status": "finished", "exact_accuracy": 0.5})
    name = f"{TRIAL.name}.parquet"
    new = pq.read_table(tmp_path / "new" / "trials" / name)
    needed = [*NEEDED["trials"], "exact_accuracy", "config"]
    old = new.select(needed).replace_schema_metadata(None)
    old = old.set_column(needed.index("seed"), "seed", pa.array([0], pa.int32()))
    pq.write_table(old, tmp_path / "trials" / name)
    [row] = Store(tmp_path).trials()
    assert (row["trial_id"], row["seed"], row["score"]) == (TRIAL.trial_id, 0, None)
    assert row["exact_accuracy"] == 0.5


def test_an_unfinished_temporary_file_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {"status": "finished"})
    (tmp_path / "trials" / ".x.parquet.99.tmp").write_bytes(b"PAR1")
    assert len(store.trials()) == 1


def test_a_trial_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {"status": "finished"})
    assert store.find_trial(TRIAL.trial_id[:3])[0]["trial_id"] == TRIAL.trial_id
    with pytest.raises(TrmbenchError, match="no trial 'zzz'"):
        store.find_trial("zzz")


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TrmbenchError, match="cannot write to the results folder"):
        Store(tmp_path / "file" / "results").ensure_writable()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_leaves_the_old_file_and_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {"status": "finished"})

    def onto_full_disk(file: pq.ParquetWriter, table: pa.Table) -> None:
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", onto_full_disk)
    with pytest.raises(TrmbenchError, match=r"No space left on device.*is intact"):
        store.write_trial(TRIAL, {"status": "failed"})
    monkeypatch.undo()
    assert [row["status"] for row in store.trials()] == ["finished"]


def test_puzzles_that_many_files_have_are_the_right_ones_for_each(tmp_path: Path) -> None:
    ids = {"a" * 12: ["p1", "p2"], "b" * 12: ["p1", "p2"], "c" * 12: ["p2", "p1"], "d" * 12: ["p1"]}
    for first in ids:
        columns = {"trial_id": first, "evaluation_id": OTHER, "answer": b"1"}
        rows = [{**columns, "puzzle_id": name, "group": name, "score": 1.0} for name in ids[first]]
        Store(tmp_path).write("puzzles", f"{first}-{OTHER}", rows)
    store = Store(tmp_path, pytest.fail)
    for columns in (["score", "puzzle_id", "group"], ["puzzle_id"]):
        for first, table in zip(
            ids, store.each("puzzles", columns, [f"{first}-{OTHER}" for first in ids]), strict=True
        ):
            assert table is not None and table.column_names == columns
            assert table["puzzle_id"].to_pylist() == ids[first]
