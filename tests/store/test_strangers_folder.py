"""A results folder from a stranger: nothing outside of it is read, written or deleted."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.errors import TrmbenchError
from trmbench.experiment.runs import forget, unfinished
from trmbench.spec import Trial
from trmbench.store import Store
from trmbench.store.claims import claimed, holder
from trmbench.store.leftovers import sweep
from trmbench.store.notes import read_notes, write_note

SCORES = bernoulli(2, 20, 0.5)
OUT = "../../victim/precious.txt"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim" / "precious.txt"
    file.parent.mkdir()
    file.write_text("my thesis")
    return file


@pytest.fixture
def trials(tmp_path: Path) -> list[Trial]:
    return add_cell(tmp_path / "results", "trm", SCORES)


def test_a_note_that_names_a_path_is_left_out(
    tmp_path: Path, victim: Path, trials: list[Trial]
) -> None:
    lines: list[str] = []
    store = Store(tmp_path / "results", lines.append)
    write_note(store, trials)
    [note] = (tmp_path / "results" / "runs").iterdir()
    assert [trial.seed for trial in read_notes(store)] == [0, 1]
    [cell] = json.loads(note.read_text())
    note.write_text(json.dumps([{**cell, "seeds": {OUT: 70}}]))
    assert unfinished(store) == []
    assert len(lines) == 1
    assert note.name in lines[0]
    assert "is not the one of its cell and seed" in lines[0]
    assert victim.read_text() == "my thesis"


def test_an_id_that_is_a_path_is_claimed_by_nobody(
    tmp_path: Path, victim: Path, trials: list[Trial]
) -> None:
    results = tmp_path / "results"
    stranger = dataclasses.replace(trials[0], trial_id=OUT)
    for act in (
        lambda: claimed(results, OUT).__enter__(),
        lambda: holder(results, OUT),
        lambda: Store(results).checkpoints(OUT),
        lambda: Store(results).write("curves", OUT, []),
        lambda: forget(Store(results), stranger),
    ):
        with pytest.raises(TrmbenchError):
            act()
    assert Store(results).read("puzzles", names=[OUT]).num_rows == 0
    assert [path.name for path in victim.parent.iterdir()] == ["precious.txt"]


def test_what_is_no_claim_is_not_deleted(tmp_path: Path, trials: list[Trial]) -> None:
    place = tmp_path / "results" / "claims" / trials[0].trial_id
    place.parent.mkdir()
    place.write_text("my thesis")
    with (
        pytest.raises(TrmbenchError, match="is no claim"),
        claimed(tmp_path / "results", place.name),
    ):
        raise AssertionError("claimed")
    assert place.read_text() == "my thesis"


@pytest.mark.parametrize("name", ["trials", "puzzles", "checkpoints", "claims", "runs"])
def test_a_folder_that_is_a_link_is_not_entered(
    name: str, tmp_path: Path, victim: Path, trials: list[Trial]
) -> None:
    results = tmp_path / "results"
    if (results / name).exists():
        (results / name).rename(tmp_path / "moved")
    (results / name).symlink_to(victim.parent)
    store = Store(results)
    for act in (
        lambda: write_note(store, trials),
        lambda: store.trials(),
        lambda: store.read("puzzles"),
        lambda: forget(store, trials[0]),
    ):
        try:
            act()
        except TrmbenchError as error:
            assert f"{name} is a link, which is not followed" in error.message
    assert [path.name for path in victim.parent.iterdir()] == ["precious.txt"]


def test_a_file_that_is_a_link_is_left_out(tmp_path: Path, trials: list[Trial]) -> None:
    results = tmp_path / "results"
    row = results / "trials" / f"{trials[0].name}.parquet"
    row.rename(tmp_path / "elsewhere.parquet")
    row.symlink_to(tmp_path / "elsewhere.parquet")
    lines: list[str] = []
    assert [found["seed"] for found in Store(results, lines.append).trials()] == [1]
    assert lines == [f"skipped {row}, which is damaged: it is a link, which is not followed"]


def test_forgetting_a_trial_deletes_its_own_files_only(tmp_path: Path, trials: list[Trial]) -> None:
    store = Store(tmp_path / "results")
    folder = Path(str(store.checkpoints(trials[0].trial_id)))
    folder.mkdir(parents=True)
    for name in ("final.json", "running-000000007.safetensors", "my-thesis.json"):
        (folder / name).write_text("{}")
    forget(store, trials[0])
    assert [path.name for path in folder.iterdir()] == ["my-thesis.json"]
    assert [row["seed"] for row in store.trials()] == [1]


def test_a_link_in_the_place_of_checkpoints_is_found_before_anything_is_deleted(
    tmp_path: Path, victim: Path, trials: list[Trial]
) -> None:
    results = tmp_path / "results"
    (results / "checkpoints").mkdir()
    (results / "checkpoints" / trials[0].trial_id).symlink_to(victim.parent)
    with pytest.raises(TrmbenchError, match="is a link"):
        forget(Store(results), trials[0])
    assert len(Store(results).trials()) == 2 and victim.exists()


def test_what_killed_processes_were_writing_is_deleted_and_nothing_else(
    tmp_path: Path, trials: list[Trial]
) -> None:
    results = tmp_path / "results"
    mine, other = (trial.trial_id for trial in trials)
    kept = [
        results / "checkpoints" / mine / f".running-000000007.json.{os.getpid()}.tmp",  # it lives
        results / "checkpoints" / other / ".running-000000007.safetensors.99999999.tmp",  # claimed
        results / "checkpoints" / mine / ".thesis.tmp",
        results / "trials" / "thesis.99999999.tmp",
    ]
    gone = [
        results / "checkpoints" / mine / ".running-000000009.safetensors.99999999.tmp",
        results / "checkpoints" / mine / ".final.safetensors.99999999.tmp",
        results / "puzzles" / f".{trials[0].name}.parquet.99999999.tmp",
        results / "runs" / ".0123456789ab.json.99999999.tmp",
    ]
    for path in [*kept, *gone]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    with claimed(results, other):
        sweep(results)
    assert [path for path in kept if path.exists()] == kept
    assert [path for path in gone if path.exists()] == []
