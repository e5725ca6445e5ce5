"""Trials and checkpoints are removed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers.places import GOOD, run
from helpers.synthetic import add_cell, bernoulli

from trmbench.experiment.runs import unfinished
from trmbench.store import Store
from trmbench.store.checkpoints import save
from trmbench.store.notes import read_notes, write_note


def test_trials_are_removed_with_all_that_is_stored_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    write_note(Store(tmp_path), trials)
    before = len(list(tmp_path.rglob("*.parquet")))
    first = trials[0].trial_id
    assert run("rm", first[:8], f"--results={tmp_path}", "--dry-run") == 0
    assert len(list(tmp_path.rglob("*.parquet"))) == before
    assert run("rm", first[:8], f"--results={tmp_path}") == 0
    assert "1 trial deleted" in capsys.readouterr().out
    assert not list(tmp_path.rglob(f"{first}*"))
    assert [item.trial.trial_id for item in unfinished(Store(tmp_path))] == []
    assert run("rm", "--where=seed > 1", f"--results={tmp_path}") == 0
    assert [row["seed"] for row in Store(tmp_path).trials()] == [1]
    assert [trial.seed for trial in read_notes(Store(tmp_path))] == [1]
    assert run("rm", f"--results={tmp_path}") == 2


def test_checkpoints_that_the_final_weights_have_made_needless_are_removed(
    tmp_path: Path,
) -> None:
    done, under_way = (
        tmp_path / "checkpoints" / trial.trial_id
        for trial in add_cell(tmp_path, "trm", bernoulli(2, 9, 0.5))
    )
    for folder in (done, under_way):
        save(folder, "running-000000005", {"w": torch.ones(2)}, {"step": 5})
    save(done, "final", {"raw/w": torch.ones(2)}, {})
    assert run("rm", "--checkpoints", f"--results={tmp_path}", "--dry-run") == 0
    assert len(list(done.iterdir())) == 4
    assert run("rm", "--checkpoints", f"--results={tmp_path}") == 0
    assert sorted(file.name for file in done.iterdir()) == ["final.json", "final.safetensors"]
    assert len(list(under_way.iterdir())) == 2
