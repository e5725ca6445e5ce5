"""The Parquet store: whole files or none, damaged ones named and skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trmbench import Trial, TrmbenchError
from trmbench.store import Store
from trmbench.store.datasets import SCHEMAS

TRIAL = Trial(
    trial_id="abc123",
    cell_id="c",
    evaluation_id="e1",
    model="m",
    task="t",
    preset="mini",
    seed=0,
    config={"evaluation": {"votes": 1}},
    overrides={},
    results="",
)


def test_rows_come_back_with_their_types_and_missing_columns_null(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "folder")
    store.write_trial(TRIAL, {"status": "finished", "exact_accuracy": 0.5})
    [row] = store.trials()
    assert (row["trial_id"], row["seed"], row["exact_accuracy"]) == ("abc123", 0, 0.5)
    assert row["error"] is None and row["finished_at"] is not None


def test_pandas_reads_a_dataset_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path).write_trial(TRIAL, {"status": "finished"})
    frame = pd.read_parquet(tmp_path / "trials")
    assert list(frame.columns) == SCHEMAS["trials"].names


def test_the_schema_version_is_in_the_file(tmp_path: Path) -> None:
    Store(tmp_path).write_trial(TRIAL, {})
    metadata = pq.read_schema(tmp_path / "trials" / "abc123-e1.parquet").metadata
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
    whole = (tmp_path / "trials" / "abc123-e1.parquet").read_bytes()
    (tmp_path / "trials" / "broken-e1.parquet").write_bytes(whole[: len(whole) // 2])
    assert len(store.trials()) == 1
    assert len(store.trials()) == 1
    assert len(lines) == 1 and "broken-e1.parquet" in lines[0] and "damaged" in lines[0]


def test_a_file_of_an_older_schema_is_read_with_nulls(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    old = pa.table({"trial_id": ["old"], "seed": pa.array([3], pa.int32())})
    pq.write_table(old, tmp_path / "trials" / "old-e.parquet")
    [row] = Store(tmp_path).trials()
    assert (row["trial_id"], row["seed"], row["status"]) == ("old", 3, None)


def test_an_unfinished_temporary_file_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {})
    (tmp_path / "trials" / ".x.parquet.99.tmp").write_bytes(b"PAR1")
    assert len(store.trials()) == 1


def test_a_trial_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_trial(TRIAL, {})
    assert store.find_trial("abc")[0]["trial_id"] == "abc123"
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

    def onto_full_disk(table: pa.Table, path: Path, **options: object) -> None:
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")

    monkeypatch.setattr(pq, "write_table", onto_full_disk)
    with pytest.raises(TrmbenchError, match=r"No space left on device.*is intact"):
        store.write_trial(TRIAL, {"status": "failed"})
    monkeypatch.undo()
    assert [row["status"] for row in store.trials()] == ["finished"]
