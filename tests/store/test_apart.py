"""Several results folders whose rows are kept apart, whatever trials they share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.places import BAD, GOOD, run
from helpers.synthetic import add_cell

from trmbench import compare
from trmbench.store.opening import open_results


def test_a_cell_that_was_run_again_is_compared_with_itself(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again"
    add_cell(again, "trm", np.vstack([GOOD[:1], BAD[1:]]))
    places = [f"--results={ours}", f"--results={again}"]
    assert run("compare", *places) == 2
    capsys.readouterr()
    assert run("compare", *places, "--apart", "--format=json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [(cell["name"], cell["mean"]) for cell in found["cells"]] == [
        (f"trm (from={ours})", pytest.approx(GOOD.mean())),
        (f"trm (from={again})", pytest.approx(np.vstack([GOOD[:1], BAD[1:]]).mean())),
    ]
    number = len(GOOD)
    assert f"share {number} tested trials" in said.err
    assert f"1 have the same answers bit for bit, {number - 1} have other answers" in said.err


def test_each_row_leads_to_the_answers_and_weights_of_its_place(ours: Path, tmp_path: Path) -> None:
    add_cell(tmp_path / "again", "trm", BAD)
    store = open_results([ours, tmp_path / "again"], lambda line: None, apart=True)
    here, there = (row for row in store.trials() if row["seed"] == 0)
    assert here["stored_cell_id"] == there["stored_cell_id"] and here["cell_id"] != there["cell_id"]
    assert store.trial_of(here).trial_id == store.trial_of(there).trial_id
    for row, scores in ((here, GOOD), (there, BAD)):
        name = f"{row['trial_id']}-{row['evaluation_id']}"
        found = store.read("puzzles", ["score"], [name])["score"].to_numpy()
        assert np.array_equal(found, scores[0])
        assert store.checkpoints(row["trial_id"]).name == store.trial_of(row).trial_id
    assert len(store.names("puzzles")) == len(GOOD) + len(BAD)


@pytest.mark.parametrize("apart", [False, True])
def test_a_trial_that_finishes_meanwhile_is_not_looked_at(
    ours: Path, tmp_path: Path, apart: bool
) -> None:
    add_cell(tmp_path / "theirs", "hrm", BAD)
    store = open_results([ours, tmp_path / "theirs"], lambda line: None, apart)
    add_cell(ours, "urm", GOOD)
    assert len(store.trials()) == len(GOOD) + len(BAD)


def test_one_place_cannot_be_kept_apart(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", f"--results={ours}", "--apart") == 2
    assert "alone cannot be kept apart" in capsys.readouterr().err


def test_cells_of_a_study_keep_their_names_in_places_that_are_kept_apart() -> None:
    reference = str(Path(__file__).parents[2] / "results" / "reference" / "mini")
    copy = reference + "/../mini"
    with pytest.warns(UserWarning, match="bit for bit, 0 have other answers"):
        found = compare([reference, copy], study="gradient", apart=True, where="task = maze")
    assert {cell.name.partition(" (from=")[0] for cell in found.cells} == {
        "TRM, full backpropagation",
        "TRM, one-step gradient",
    }
    assert len(found.cells) == 4
