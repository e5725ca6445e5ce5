"""Results in an object store: what is damaged is named, set aside, and done again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from resilience.damages import ANY
from resilience.mutator import TRAINED, call, scores

from trmbench.store.location import ObjectPath
from trmbench.testing.running import visible_plugin

pytestmark = pytest.mark.slow


def damage(path: ObjectPath, how: str, scratch: Path) -> None:
    """Damage an object as a file would be."""
    scratch.write_bytes(path.read_bytes())
    ANY[how](scratch, scratch)
    path.upload(scratch)


def first(folder: ObjectPath, pattern: str) -> ObjectPath:
    """The first object of a name."""
    return sorted(folder.glob(pattern))[0]


Choice = Callable[[ObjectPath, str], ObjectPath]
"""An object of a results folder and a trial."""
ROUNDS: list[dict[str, Choice]] = [
    {
        "noise": lambda results, trial: first(results / "puzzles", f"{trial}*"),
        "empty": lambda results, trial: results / "curves" / f"{trial}.parquet",
        "text": lambda results, trial: first(results / "runs", "*.json"),
        "bit flipped at 0.97": lambda results, trial: (
            results / "checkpoints" / trial / "final.safetensors"
        ),
    },
    {
        "noise": lambda results, trial: first(results / "trials", f"{trial}*"),
        "half": lambda results, trial: results / "checkpoints" / trial / "final.json",
    },
]


def test_doctor_names_and_repair_sets_aside_what_is_damaged_in_an_object_store(
    place: str, folder: ObjectPath, tmp_path: Path
) -> None:
    of = f"--results={place}"
    with visible_plugin("inline", "resilience.inline"):
        assert call("run", *TRAINED, of).code == 0
        whole = scores(call("compare", "--format=json", of), set())
        trial = first(folder / "curves", "*.parquet").stem
        weights = folder / "checkpoints" / trial / "final.safetensors"
        trained = weights.read_bytes()
        assert call("doctor", of).code == 0
        assert "Nothing is damaged" in call("repair", of).text
        for damages in ROUNDS:
            damaged = [choose(folder, trial) for choose in damages.values()]
            for path, how in zip(damaged, damages, strict=True):
                damage(path, how, tmp_path / "scratch")
            said, listed = call("doctor", of), call("repair", "--dry-run", of)
            assert said.code == 1 and listed.code == 0
            for path in damaged:
                assert str(path) in said.text and str(path) in listed.text and path.exists()
            done = call("repair", of)
            for path in damaged:
                aside = folder / "set-aside" / str(path).removeprefix(f"{folder}/")
                assert not path.exists() and aside.exists() and str(aside) in done.text
            again = call("run", *TRAINED, of)
            assert again.code == 0, again.errors
            assert call("doctor", of).code == 0
            assert weights.read_bytes() == trained, "trained again, to the same bytes"
        assert scores(call("compare", "--format=json", of), set()) == whole


def test_what_is_set_aside_twice_is_kept_twice(
    place: str, folder: ObjectPath, tmp_path: Path
) -> None:
    of = f"--results={place}"
    note = folder / "runs" / "0123456789ab.json"
    for text in ("first", "second"):
        (tmp_path / "scratch").write_text(text)
        note.upload(tmp_path / "scratch")
        assert call("repair", of).code == 0 and not note.exists()
    kept = sorted((folder / "set-aside" / "runs").glob("*"))
    assert [path.read_text() for path in kept] == ["first", "second"]


def test_a_claim_that_is_none_is_named_and_set_aside(
    place: str, folder: ObjectPath, tmp_path: Path
) -> None:
    ticket = folder / "claims" / "0123456789ab" / f"{'0' * 32}.ticket"
    (tmp_path / "scratch").write_text('{"host": ')
    ticket.upload(tmp_path / "scratch")
    said = call("doctor", f"--results={place}")
    assert said.code == 1 and f"{ticket}: it is no claim" in said.text
    assert call("repair", f"--results={place}").code == 0 and not ticket.exists()
