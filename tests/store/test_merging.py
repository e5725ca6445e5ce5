"""Several results folders, compared or merged as one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.places import BAD, GOOD, expect, run
from helpers.synthetic import add_cell, bernoulli

from trmbench.errors import TrmbenchError
from trmbench.store import Store
from trmbench.store.expectations import read_expectations
from trmbench.store.merging import to_merge
from trmbench.store.opening import open_results


def test_two_places_are_compared_and_each_row_says_whose_it_is(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    theirs = Path("theirs")
    add_cell(theirs, "hrm", BAD)
    add_cell(theirs, "trm", np.vstack([GOOD, bernoulli(2, 60, 0.8, salt=1)]))
    arguments = ["compare", f"--results={ours}", f"--results={theirs}"]
    assert run(*arguments) == 0
    said = capsys.readouterr()
    assert "trm is better than hrm" in said.out and str(theirs) in said.out
    assert "both have 4 of the rows, alike; each counts once" in said.err
    assert f"seeds 0, 1, 2, 3 from {ours}; seeds 4, 5 from {theirs}" in said.err
    assert run(*arguments, "--where", f'origin = "{theirs}"', "--format=json") == 0
    cells = {cell["name"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert cells["trm"]["origins"] == {str(theirs): [4, 5]}


def test_equal_trials_with_other_answers_are_refused_with_their_processors(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_cell(tmp_path / "theirs", "trm", BAD, provenance={"cpu": "Another one"})
    assert run("compare", f"--results={ours}", f"--results={tmp_path / 'theirs'}") == 2
    said = capsys.readouterr().err
    assert "has other answers in" in said and "on A processor and on Another one" in said
    assert run("merge", tmp_path / "theirs", f"--results={ours}") == 2
    assert np.isclose(Store(ours).trials()[0]["score"], GOOD[0].mean())


def test_merging_takes_over_what_is_missing_and_a_dry_run_writes_nothing(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    trials = add_cell(theirs, "hrm", BAD)
    add_cell(theirs, "trm", GOOD)
    weights = theirs / "checkpoints" / trials[0].trial_id
    weights.mkdir(parents=True)
    (weights / "final.json").write_text("{}")
    (weights / "final.safetensors").write_bytes(b"x")
    before = sorted(ours.rglob("*"))
    assert run("merge", theirs, f"--results={ours}", "--dry-run") == 0
    assert "4 rows would be taken over" in capsys.readouterr().out
    assert sorted(ours.rglob("*")) == before
    assert run("merge", theirs, f"--results={ours}") == 0
    assert len(Store(ours).trials()) == 8
    assert (ours / "checkpoints" / trials[0].trial_id / "final.safetensors").exists()
    assert not to_merge([theirs], ours, lambda line: None).rows


def test_merged_expectations_keep_the_time_of_their_first_writing(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    add_cell(theirs, "trm", GOOD)
    kept, first = expect(ours, "a > b", 2), expect(theirs, "c > d", 3)
    for root, text, hour in ((theirs, "a > b", 5), (ours, "c > d", 7)):
        expect(root, text, hour)
    assert run("merge", theirs, f"--results={ours}", "--dry-run") == 0
    assert read_expectations(Store(ours)) != [kept, first]
    assert run("merge", theirs, f"--results={ours}") == 0
    assert "0 rows and 1 expectation taken over" in capsys.readouterr().out
    assert read_expectations(Store(ours)) == [kept, first]
    assert not to_merge([theirs], ours, lambda line: None).expectations


def test_a_finished_trial_takes_the_place_of_a_failed_one_and_never_the_reverse(
    tmp_path: Path,
) -> None:
    failed, finished = tmp_path / "failed", tmp_path / "finished"
    add_cell(failed, "trm", np.full((1, 60), np.nan))
    add_cell(finished, "trm", GOOD[:1])
    assert run("merge", failed, f"--results={finished}") == 0
    assert Store(finished).trials()[0]["status"] == "finished"
    assert run("merge", finished, f"--results={failed}") == 0
    assert Store(failed).trials()[0]["status"] == "finished"


def test_a_folder_that_is_not_there_is_refused(ours: Path, tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="no results at"):
        open_results([ours, tmp_path / "nowhere"], pytest.fail)
