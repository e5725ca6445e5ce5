"""A checkpoint is the one that was saved, of this trial, or it is not used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from trmbench.store import checkpoints as checkpoint
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.files import Damaged

ONE, OTHER = "0" * 12, "1" * 12


def save(root: Path, trial: str, name: str, value: float) -> Path:
    folder = root / "checkpoints" / trial
    checkpoint.save(folder, name, {"weight": torch.full((3,), value)}, {"step": int(value)})
    return folder


def test_final_weights_of_another_trial_are_refused(tmp_path: Path) -> None:
    one, other = save(tmp_path, ONE, "final", 1), save(tmp_path, OTHER, "final", 2)
    for suffix in ("json", "safetensors"):
        (other / f"final.{suffix}").replace(one / f"final.{suffix}")
    with pytest.raises(Damaged, match=f"it belongs to trial {OTHER}"):
        checkpoint.load(one, "final")


def test_a_checkpoint_under_another_name_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path, ONE, "final", 1)
    for suffix in ("json", "safetensors"):
        (folder / f"final.{suffix}").rename(folder / f"answers-{OTHER}.{suffix}")
    with pytest.raises(Damaged, match="it belongs to name final"):
        checkpoint.load(folder, f"answers-{OTHER}")


def test_a_changed_value_is_noticed(tmp_path: Path) -> None:
    path = save(tmp_path, ONE, "final", 1) / "final.json"
    path.write_text(path.read_text().replace('"step": 1', '"step": 7'))
    with pytest.raises(Damaged, match="its values are not what was saved"):
        checkpoint.load(path.parent, "final")


def test_a_checkpoint_of_an_older_version_is_read(tmp_path: Path) -> None:
    path = save(tmp_path, ONE, "final", 1) / "final.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps({name: found[name] for name in ("sha256", "values")}))
    assert checkpoint.load(path.parent, "final")[1] == {"step": 1}


def test_training_goes_on_from_the_newest_checkpoint_that_is_its_own(tmp_path: Path) -> None:
    folder = save(tmp_path, ONE, "running-000000003", 3)
    theirs = save(tmp_path, OTHER, "running-000000400", 400)
    for path in theirs.iterdir():
        path.rename(folder / path.name)
    (folder / "running-000000005.json").write_text("[]")
    (folder / "running-000000006.json").mkdir()
    lines: list[str] = []
    found = RunningCheckpoints(folder, lines.append).load_latest()
    assert found is not None and found[1] == {"step": 3}
    assert len(lines) == 3
    assert all("going on from the one before" in line for line in lines)
    assert f"it belongs to trial {OTHER}" in lines[0]
    aside = tmp_path / "set-aside" / "checkpoints" / ONE
    assert len(list(aside.iterdir())) == 4, "moved, not deleted"
    assert {path.stem for path in folder.iterdir()} == {"running-000000003"}
