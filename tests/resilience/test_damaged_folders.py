"""Whatever happened to a file: one line that names it, and the right result on the rest.

A sample of the damages is tried on each kind of file; TRMBENCH_DAMAGES=all tries every one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from resilience.damages import ANY, OUTSIDE, PARQUET
from resilience.mutator import (
    FOLDERS,
    OF_FOLDERS,
    TRAINED,
    VOTED,
    call,
    copy,
    damage_folder,
    damages,
    kinds,
    make_folder,
    problems,
    scores,
    verbs,
)
from resilience.support import run

from trmbench.cli.main import UNEXPECTED
from trmbench.store import Store
from trmbench.testing.running import visible_plugin

pytestmark = pytest.mark.slow

KINDS = (
    *("trials of a trial", "puzzles of a trial", "votes", "curves", "note", "claim"),
    *("final.json", "final.safetensors", "answers.json", "answers.safetensors"),
    *("running.json", "running.safetensors"),
)
EVERY = 1 if os.environ.get("TRMBENCH_DAMAGES") == "all" else 2
REPORTED = ("trials of a trial", "puzzles of a trial", "votes", "curves")
"""What a report reads; of the others' damages it sees every fourth."""
UNNOTICED = {"missing", "locked", "twice"}
"""Damages that change nothing of what is read, or leave nothing to name."""


@dataclass(frozen=True)
class Base:
    """The folder that is damaged, and what is right about it."""

    results: Path
    trial: str
    cell: str
    scores: dict[str, Any]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    # Where a damage has a claim say that another machine holds it, nobody waits for that. How fast
    # this machine is, and where the parts of a figure fit best, no damage decides.
    nobody_waits = patch("trmbench.store.claims.holders.STALE_SECONDS", 0.0)
    speed = patch("trmbench.bench.estimate.measure_matmul_rate", lambda *how: 1e10)
    layout = patch("matplotlib.figure.Figure.get_layout_engine", lambda figure: None)
    with visible_plugin("inline", "resilience.inline"), nobody_waits, speed, layout:
        results = make_folder(tmp_path_factory.mktemp("base"))
        file = results / kinds(results)["trials of a trial"][0]
        [row] = Store(results).trials([file.stem])
        shown = scores(call("compare", "--format=json", f"--results={results}"), set())
        assert len(shown) >= 3
        yield Base(results, row["trial_id"], row["cell_id"], shown)


def sample(kind: str) -> list[str]:
    """Every second damage, another half of them for the next kind."""
    return list(damages(kind))[KINDS.index(kind) % EVERY :: EVERY]


def tried(base: Base, results: Path, output: Path, drawn: bool = True) -> Iterator[tuple[str, str]]:
    """Each verb's complaints; yields (verb, what it said)."""
    for arguments in verbs(base.trial, results, output, drawn):
        said = call(*arguments)
        assert not list(problems(said, arguments)), arguments
        if arguments[0] == "compare" and said.code == 0:
            others = {key: value for key, value in scores(said, {base.cell}).items()}
            yield "others", json.dumps(others, sort_keys=True)
        yield arguments[0], said.text + said.errors


@pytest.mark.parametrize(
    ("kind", "damage"), [(kind, damage) for kind in KINDS for damage in sample(kind)]
)
def test_a_damaged_file_is_one_clear_line(
    kind: str, damage: str, base: Base, tmp_path: Path
) -> None:
    results = copy(base.results, tmp_path)
    one, other = kinds(base.results)[kind]
    try:
        damages(kind)[damage](results / one, results / other)
    except (AttributeError, KeyError, TypeError):
        pytest.skip("this file has nothing of the kind")
    believable = damage in PARQUET or damage.startswith(("bit", "json")) or damage in UNNOTICED
    believable |= (kind, damage) == ("claim", "one byte short")  # the end of its line
    said: dict[str, str] = {}
    drawn = kind in REPORTED or sample(kind).index(damage) % 4 == 0
    for verb, text in tried(base, results, tmp_path, drawn):
        said.setdefault(verb, text)
    assert believable or one.name in said["doctor"]
    untouched = {key: value for key, value in base.scores.items() if base.cell not in key}
    if damage != "swapped" or kind not in ("trials of a trial", "puzzles of a trial"):
        assert said.get("others", "{}") == json.dumps(untouched, sort_keys=True)
    assert (tmp_path / OUTSIDE / "precious.txt").read_text() == "my thesis"
    if damage not in PARQUET:  # what is damaged has been repaired, and done again
        of = f"--results={results}"
        assert call("run", *VOTED, of).code == 0
        repaired = scores(call("compare", "--format=json", of), set())
        assert all(repaired.get(key) == v for key, v in base.scores.items() if base.cell in key)


@pytest.mark.parametrize("damage", OF_FOLDERS)
@pytest.mark.parametrize("name", FOLDERS)
def test_a_damaged_folder_is_one_clear_line(
    name: str, damage: str, base: Base, tmp_path: Path
) -> None:
    results = copy(base.results, tmp_path)
    damage_folder(results / name, damage)
    said = dict(tried(base, results, tmp_path))
    if damage not in ("missing", "folder", "locked"):
        assert str(results / name) in said["repair"]
    assert (tmp_path / OUTSIDE / "precious.txt").read_text() == "my thesis"
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_repaired_folder_is_whole_again(base: Base, tmp_path: Path) -> None:
    results = copy(base.results, tmp_path)
    files = kinds(base.results)
    damaged = [files[kind][0] for kind in ("final.safetensors", "puzzles of a trial", "curves")]
    before = [(results / path).read_bytes() for path in damaged]
    for path in damaged:
        ANY["noise"](results / path, results / path)
    of = f"--results={results}"
    assert call("doctor", of).code == 1
    listed = call("repair", "--dry-run", of).text
    assert all(str(results / path) in listed for path in damaged)
    assert call("repair", of).code == 0
    assert not any((results / path).exists() for path in damaged)
    assert all((results / "set-aside" / path).exists() for path in damaged)
    for asked in (TRAINED, VOTED):
        assert call("run", *asked, of).code == 0
    assert call("doctor", of).code == 0
    assert (results / damaged[0]).read_bytes() == before[0], "trained again, to the same bytes"
    assert scores(call("compare", "--format=json", of), set()) == base.scores


def test_a_finished_folder_that_may_only_be_read_needs_no_write(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(store: Store) -> None:
        raise AssertionError("asked to write")

    monkeypatch.setattr(Store, "ensure_writable", refused)
    assert call("run", *TRAINED, f"--results={copy(base.results, tmp_path)}").code == 0


@pytest.mark.parametrize(("kind", "damage"), [("note", "noise"), ("final.json", "half")])
def test_the_commands_as_processes_say_the_same(
    kind: str, damage: str, base: Base, tmp_path: Path
) -> None:
    results = copy(base.results, tmp_path)
    one, other = kinds(base.results)[kind]
    damages(kind)[damage](results / one, results / other)
    for verb in (["compare"], ["doctor"], ["resume", "--dry-run"], ["evaluate", base.trial]):
        done = run(*verb, f"--results={results}")
        everything = done.stdout + done.stderr
        assert done.returncode in (0, 1, 2), everything
        assert "Traceback" not in everything and UNEXPECTED not in everything
        looks_at_it = {"note": ("doctor", "resume"), "final.json": ("doctor", "evaluate")}[kind]
        assert verb[0] not in looks_at_it or one.name in everything, verb


@pytest.mark.parametrize(
    ("guard", "kind", "damage"),
    [
        ("trmbench.store.parquet._guarded", "trials of a trial", "noise"),
        ("trmbench.store.parquet._guarded", "puzzles of a trial", "half"),
        ("trmbench.store.rows.problem", "trials of a trial", "config no json"),
    ],
)
def test_without_its_guard_a_damage_is_no_clear_line(
    guard: str, kind: str, damage: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = copy(base.results, tmp_path)
    one, other = kinds(base.results)[kind]
    damages(kind)[damage](results / one, results / other)
    monkeypatch.setattr(guard, lambda first, read=None: read() if read else None)
    monkeypatch.setattr("trmbench.store.trial_rows.problem", lambda row: None)
    found = [
        complaint
        for arguments in (("compare",), ("show", base.trial))
        for complaint in problems(call(*arguments, f"--results={results}"), arguments)
    ]
    assert found
