"""A further column of a table divides its test puzzles into splits that are tested as well."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trmbench import Task, TrmbenchError
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench_table.options import TableOptions
from trmbench_table.task import load

KINDS = ("easy", "hard", "10", "9")


def folder_of(folder: Path, suffix: str = ".csv") -> Path:
    """Sums of which the test file says how hard they are."""
    for name, numbers in (("train", range(20, 60)), ("test", range(20))):
        rows = [{"question": f"{n:02}+1", "answer": f"{n + 1:02}"} for n in numbers]
        if name == "test":
            rows = [{"level": KINDS[n % 4], **row} for n, row in enumerate(rows)]
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        if suffix == ".jsonl":
            lines = [json.dumps(row) for row in rows]
        (folder / f"{name}{suffix}").write_text("\n".join(lines))
    return folder


def task_of(path: Path, **options: object) -> Task:
    """The task of a table."""
    return load(TableOptions(path=str(path), **options))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_each_value_is_a_split_of_the_test_puzzles(tmp_path: Path, suffix: str) -> None:
    task = task_of(folder_of(tmp_path, suffix), split_by="level")
    names = ("level=9", "level=10", "level=easy", "level=hard")
    assert task.info.test_splits == ("test", *names)
    parts = [task.split(name).puzzle_ids.tolist() for name in names]
    assert sorted(sum(parts, [])) == sorted(task.split("test").puzzle_ids)
    hard = task.split("test").puzzle_ids[1::4]
    assert parts[3] == hard.tolist() and len(parts[3]) == 5


def test_the_puzzles_and_the_cell_are_the_same_without(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with_kinds, plain = task_of(folder, split_by="level"), task_of(folder)
    for name in ("train", "test"):
        assert (with_kinds.split(name).inputs == plain.split(name).inputs).all()
    specs = registry.models().find("trm").spec, registry.tasks().find("table").spec
    ids = {
        compose(*specs, "mini", {"task.path": str(folder), **more}).cell_id
        for more in ({}, {"task.split_by": None}, {"task.split_by": "level"})
    }
    assert len(ids) == 2


def test_chosen_test_puzzles_and_one_file_have_their_kinds(tmp_path: Path) -> None:
    few = task_of(folder_of(tmp_path), split_by="level", test_puzzles=7)
    assert sum(len(few.split(name)) for name in few.info.test_splits[1:]) == 7
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "all.csv").write_bytes((tmp_path / "test.csv").read_bytes())
    task = task_of(whole, split_by="level", test_share=0.5)
    parts = [task.split(name).puzzle_ids for name in task.info.test_splits[1:]]
    assert sorted(np.concatenate(parts)) == sorted(task.split("test").puzzle_ids)


def test_a_column_that_is_not_there_or_is_no_class_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with pytest.raises(TrmbenchError, match="no column 'depth'; it has level") as caught:
        task_of(folder, split_by="depth")
    assert "task.split_by=NAME" in (caught.value.hint or "")
    lines = (folder / "test.csv").read_text().replace("hard", "").splitlines()
    (folder / "test.csv").write_text("\n".join(lines))
    with pytest.raises(TrmbenchError, match="5 bad rows: test.csv line 3: its level is empty"):
        task_of(folder, split_by="level")
    rows = [f"{n},{n}{n}" for n in range(100, 130)]
    (folder / "test.csv").write_text("\n".join(["question,answer", *rows]))
    with pytest.raises(TrmbenchError, match="split_by=question has 30 different values"):
        task_of(folder, split_by="question")
    with pytest.raises(TrmbenchError, match="needs a table"):
        TableOptions(split_by="level", source="generated")
