"""Results that are handed on as bundles."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.places import BAD, GOOD, expect, run
from helpers.synthetic import add_cell

from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
from trmbench.store import Store
from trmbench.store.bundles import INDEX, MANIFEST, publish
from trmbench.store.expectations import read_expectations
from trmbench.store.opening import open_results


@pytest.fixture
def bundle(ours: Path, tmp_path: Path) -> Path:
    publish(Store(ours), tmp_path / "bundle", "CC0-1.0")
    return tmp_path / "bundle"


def test_a_bundle_that_was_pulled_is_compared_as_the_original(
    ours: Path, bundle: Path, tmp_path: Path
) -> None:
    assert run("pull", bundle, "--into", tmp_path / "pulled") == 0
    for dataset in ("trials", "puzzles", "curves"):
        tables = [Store(root).read(dataset) for root in (ours, tmp_path / "pulled")]
        if dataset == "trials":  # whose provenance lost its places
            tables = [table.drop_columns(["provenance"]) for table in tables]
        assert tables[0].equals(tables[1])
    means = [
        compare_cells(open_results([root], pytest.fail), Question()).cells[0].interval
        for root in (ours, tmp_path / "pulled", bundle)
    ]
    assert means[0] == means[1] == means[2]


def test_the_same_results_are_the_same_bytes(ours: Path, bundle: Path, tmp_path: Path) -> None:
    publish(Store(ours), tmp_path / "again", "CC0-1.0")
    for file in bundle.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_a_bundle_has_a_file_per_model_task_and_preset_with_a_licence(
    ours: Path, tmp_path: Path
) -> None:
    add_cell(ours, "hrm", BAD, task="sudoku")
    add_cell(ours, "a/../b", BAD)
    counts = publish(Store(ours), tmp_path / "bundle", "CC0-1.0")
    names = sorted(counts)
    assert names[1:] == ["hrm--sudoku--mini.zip", "trm--maze--mini.zip"]
    assert names[0].startswith("a-..-b--maze--mini--")
    with zipfile.ZipFile(tmp_path / "bundle" / "trm--maze--mini.zip") as archive:
        manifest = json.loads(archive.read(MANIFEST))
    assert manifest["licence"] == "CC0-1.0" and len(manifest["files"]) == 12


def test_trials_that_failed_are_handed_on_as_well(tmp_path: Path) -> None:
    scores = np.vstack([GOOD, np.full((1, 60), np.nan)])
    add_cell(tmp_path / "r", "trm", scores, row={"error": None})
    publish(Store(tmp_path / "r"), tmp_path / "bundle", "CC0-1.0")
    [cell] = compare_cells(open_results([tmp_path / "bundle"], pytest.fail), Question()).cells
    assert len(cell.failed) == 1 and cell.failed[0]["error"] == "out of memory"


def test_no_path_and_no_name_of_the_machine_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "secrethost.example.org")
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    told = {
        "command": "trmbench run --config=/home/anna/x/study.toml --results s3://bucket/r",
        "data": {"fingerprint": "f00d", "source": "/home/anna/puzzles on secrethost, by anna"},
        "git": {"commit": "abc", "dirty": True},
    }
    overrides = {"model.file": "private/weights.npz", "model.repo": "owner/name"}
    add_cell(tmp_path / "r", "trm", GOOD, overrides=overrides, provenance=told)
    publish(Store(tmp_path / "r"), tmp_path / "bundle", "CC0-1.0")
    row = open_results([tmp_path / "bundle"], pytest.fail).trials()[0]
    provenance = json.loads(row["provenance"])
    assert provenance["command"] == "trmbench run --config=study.toml --results r"
    assert provenance["data"]["source"] == "puzzles on elsewhere, by elsewhere"
    assert json.loads(row["overrides"]) == {"model.file": "weights.npz", "model.repo": "owner/name"}
    assert row["cell_id"] == Store(tmp_path / "r").trials()[0]["cell_id"]
    everything = b"".join(file.read_bytes() for file in (tmp_path / "bundle").iterdir())
    for secret in (b"/home", b"anna", b"secrethost", b"bucket", b"private/"):
        assert secret not in everything


def test_what_was_expected_goes_with_the_bundle_and_no_place_with_it(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = expect(ours, "trm > hrm by 5")
    expect(ours, "trm model.file=/home/anna/w.npz > hrm model.path=private/x", 1)
    publish(Store(ours), tmp_path / "bundle", "CC0-1.0")
    assert run("pull", tmp_path / "bundle", "--into", tmp_path / "pulled") == 0
    assert "pulled 4 rows and 2 expectations into" in capsys.readouterr().out
    pulled = read_expectations(Store(tmp_path / "pulled"))
    assert pulled[0] == plain
    assert pulled[1].expectation.text == "trm model.file=w.npz > hrm model.path=x"
    compared = open_results([tmp_path / "bundle"], pytest.fail)
    assert read_expectations(compared) == pulled


@pytest.mark.parametrize("damage", ["content", "extra", "outside", "digest", "no zip"])
def test_what_is_not_as_published_is_refused_in_one_line(
    damage: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = bundle.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    first = next(name for name in files if name.startswith("puzzles"))
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    if damage == "content":
        files[first] = files[first][:-1]
    elif damage == "extra":
        files["more"] = b"x"
    elif damage == "outside":
        manifest["files"]["../../evil.parquet"] = manifest["files"].pop(first)
        files["../../evil.parquet"] = files.pop(first)
    files[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    if damage == "no zip":
        path.write_bytes(b"PK")
    place = bundle if damage == "digest" else path  # a file alone has no index to check
    assert run("pull", place, "--into", tmp_path / "pulled") == 2
    assert not list(tmp_path.rglob("evil*")) and not (tmp_path / "pulled").exists()
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def server(bundle: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(bundle.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_a_bundle_is_pulled_from_an_address(server: str, tmp_path: Path) -> None:
    assert run("pull", f"{server}/bundle", "--into", tmp_path / "all") == 0
    assert run("pull", f"{server}/bundle/trm--maze--mini.zip", "--into", tmp_path / "one") == 0
    assert len(Store(tmp_path / "all").trials()) == len(Store(tmp_path / "one").trials()) == 4


def test_an_address_without_a_bundle_is_told_in_one_line(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pull", f"{server}/nothing", "--into", tmp_path / "x") == 2
    assert f"cannot download {server}/nothing/{INDEX}" in capsys.readouterr().err
    assert run("pull", "ftp://x/y", "--into", tmp_path / "x") == 2
    assert run("pull", tmp_path, "--into", tmp_path / "x") == 2


def test_a_bundle_is_pulled_from_the_hub(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(repository: str, repo_type: str, allow_patterns: list[str]) -> str:
        assert (repository, repo_type) == ("lab/results", "dataset")
        place = tmp_path / "cache"
        for pattern in allow_patterns:
            for file in bundle.glob(pattern):
                place.mkdir(exist_ok=True)
                shutil.copy(file, place)
        return str(place)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.chdir(tmp_path)
    assert run("pull", "hf:lab/results") == 0
    assert len(Store("pulled/results").trials()) == 4
