"""What `--where` hides is counted, and no verdict rests on trials chosen by their results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.store import Store

GOOD, BAD = bernoulli(5, 200, 0.8), bernoulli(5, 200, 0.4, salt=1)


def compared(root: Path, where: str | None = None, force: bool = False) -> ComparedCells:
    return compare_cells(Store(root), Question(where=where, force=force))


def cautions(found: ComparedCells) -> list[str]:
    return [line for group in found.groups for line in group.cautions]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    lost = np.array(BAD, dtype=float)
    lost[2] = np.nan
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", lost)
    return tmp_path


@pytest.mark.parametrize("where", ["model = trm or not (exact_accuracy < 0.4)", "score > 0.4"])
def test_conditions_on_outcomes_give_no_verdict(store: Path, where: str) -> None:
    (difference,) = compared(store, where).differences
    assert difference.verdict == "refused"
    assert "--where chooses trials of hrm by their results" in difference.explanation
    (forced,) = compared(store, where, force=True).differences
    assert forced.explanation.startswith("FORCED although --where chooses trials of hrm")


def test_an_outcome_that_leaves_nothing_out_hides_nothing(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD)
    assert compared(tmp_path, "status = finished").differences[0].verdict == "better"


def test_a_trial_that_failed_counts_as_failed_whatever_where_says(store: Path) -> None:
    for where in ("status = finished", "seed != 2"):
        found = compared(store, where)
        assert "1 of 5 seeds of hrm did not finish" in found.differences[0].explanation
    assert "--where leaves out 1 of 5 seeds of trm (seed 2)" in cautions(found)


def test_seeds_left_out_are_counted(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "hrm", BAD)
    found = compared(tmp_path, "model = trm or seed > 1")
    assert cautions(found)[0] == "--where leaves out 2 of 5 seeds of hrm (seeds 0, 1)"
    assert found.differences[0].verdict == "better"
    assert not any("--where" in line for line in cautions(compared(tmp_path)))


def test_settings_that_are_hidden_are_counted(tmp_path: Path) -> None:
    for n in (1, 2, 3):
        add_cell(tmp_path, "trm", GOOD, overrides={"model.n": n})
    add_cell(tmp_path, "hrm", BAD)
    found = compared(tmp_path, "model = hrm or model.n = 3")
    assert cautions(found)[0].startswith("--where hides 2 of 3 settings of trm")
    blocked = compared(tmp_path, "model = hrm or score > 0.999 or model.n = 3")
    assert "by their results (score)" in blocked.differences[0].explanation


def test_a_gap_in_the_seeds_is_said(tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "trm", GOOD)
    (tmp_path / "trials" / f"{trials[2].name}.parquet").unlink()
    assert cautions(compared(tmp_path)) == [
        "of the seeds 0 to 4 of trm not all are stored (seed 2 missing)"
    ]


def test_other_training_data_is_refused_in_numbers_and_not_in_hashes(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, row={"train_puzzles": 400})
    add_cell(tmp_path, "hrm", BAD, row={"train_puzzles": 4000})
    (difference,) = compared(tmp_path).differences
    assert "their training puzzles differ (trm: 400, hrm: 4,000)" in difference.explanation
    assert difference.verdict == "refused"


def test_as_many_other_puzzles_are_refused_with_the_setting_that_chose_them(tmp_path: Path) -> None:
    other = {"data": {"fingerprint": "beef"}}
    add_cell(tmp_path, "trm", GOOD, row={"train_puzzles": 400})
    add_cell(tmp_path, "hrm", BAD, row={"train_puzzles": 400}, provenance=other)
    (difference,) = compared(tmp_path).differences
    assert "trm and hrm were trained on different data, 400 puzzles each" in difference.explanation
    assert not any("beef" in json.dumps(line) for line in cautions(compared(tmp_path)))


def test_unlike_compute_is_a_caution_in_numbers(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD, row={"train_flops": 2e15})
    add_cell(tmp_path, "hrm", BAD, row={"train_flops": 9e15})
    add_cell(tmp_path, "urm", BAD, row={"train_flops": 2.0001e15})
    lines = cautions(compared(tmp_path))
    assert "different training compute: 2e+15 (trm, urm); 9e+15 (hrm) FLOPs" in lines
