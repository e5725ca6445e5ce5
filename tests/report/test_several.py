"""How candidates, votes and abstentions are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.several import add_columns, add_searched
from helpers.synthetic import add_cell, bernoulli

from trmbench.cli.main import run_command
from trmbench.comparison.candidates import several_answers
from trmbench.comparison.compare import Question, compare_cells
from trmbench.report.formats import FORMATS
from trmbench.report.page import Gallery, build_report
from trmbench.report.several import rungs_table, several_table
from trmbench.stats import pass_at
from trmbench.store import Store
from trmbench.testing import run_one
from trmbench.testing.running import visible_plugin

RANKED = np.array(
    [
        [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]],
        [[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]],
    ],
    bool,
)


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    add_searched(tmp_path, "ptrm", RANKED)
    return tmp_path


def test_the_figures_of_a_trial_are_counted_by_the_number_of_candidates(searched: Path) -> None:
    store = Store(searched)
    found = several_answers(store, store.trials()[0])
    assert [rung.k for rung in found.rungs] == [1, 2, 4]
    one, two, four = found.rungs
    assert one.passed == one.selected == pytest.approx((1 / 4 + 2 / 4 + 0 + 1) / 4)
    assert two.passed == pytest.approx((1 / 2 + 5 / 6 + 0 + 1) / 4)
    assert two.selected == pytest.approx((1 / 2 + 3 / 6 + 0 + 1) / 4)
    assert (four.passed, four.selected, four.mode, four.gap) == (0.75, 0.5, 0.25, 0.25)
    assert four.coverage == pytest.approx((1 + 2 + 0 + 4) / 4 / 8)
    assert found.auc == pytest.approx((1 + 2 / 4) / 2) and found.mixed == 0.5
    assert found.distinct == 7 / 4 and np.isnan(found.abstained)
    assert found.aurc == pytest.approx(0.5)  # all answers are equally sure
    assert rungs_table(found).rows[-1] == ("4", "75.0 %", "50.0 %", "25.0 %", "+25.0", "21.9 %")


def test_without_a_confidence_there_is_no_risk_over_coverages(searched: Path) -> None:
    store = Store(searched)
    row = store.trials()[0]
    unsure = {"halt_probability": [0.5, np.nan, 0.5, 0.5]}
    add_columns(searched, f"{row['trial_id']}-{row['evaluation_id']}", **unsure)
    assert np.isnan(several_answers(store, row).aurc)


def test_a_cell_is_one_line_everywhere(searched: Path) -> None:
    add_cell(searched, "trm", bernoulli(2, 4, 0.5))
    compared = compare_cells(Store(searched), Question())
    (line,) = several_table(compared).rows
    shares = ("4", "75.0 %", "50.0 %", "37.5 %", "+25.0")
    assert line[:7] == ("maze", "ptrm", *shares)
    (record,) = json.loads(FORMATS["json"](compared))["several_answers"]
    assert (record["candidates"], record["name"]) == (4, "ptrm")
    assert record["gap"] == 0.25 and record["abstained"] is None
    page = build_report(Store(searched), compared, [Gallery()]).html
    for text in (FORMATS["markdown"](compared), page):
        assert "Candidates and abstentions" in text and "pass (oracle)" in text


def test_of_unequal_numbers_of_votes_as_many_count_as_every_puzzle_has(tmp_path: Path) -> None:
    counts = [4, 4, 6, 4]
    add_searched(tmp_path, "ptrm", RANKED, candidates=counts)
    ((_, found),) = compare_cells(Store(tmp_path), Question()).several
    (rung,) = found.rungs
    right = RANKED.sum(axis=2)
    expected = np.mean([pass_at(np.array(counts), each, 4) for each in right])
    assert (rung.k, rung.passed) == (4, pytest.approx(expected))
    assert rung.coverage == pytest.approx((right / 8).mean()) and np.isnan(rung.selected)


def test_a_store_without_candidates_says_nothing_of_them(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", bernoulli(2, 4, 0.5), row={"votes": 3})
    compared = compare_cells(Store(tmp_path), Question())
    assert "pass (oracle)" not in FORMATS["markdown"](compare_cells(Store(tmp_path), Question()))
    assert not compared.several


@pytest.fixture
def guessed(tmp_path: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """A trial that was voted on, and the rows of its puzzles."""
    with visible_plugin("guesser", "helpers.guesser"):
        small = {"task.train_puzzles": 4, "task.test_puzzles": 20, "execution.device": "cpu"}
        settings = {**small, "evaluation.votes": 8}
        row = run_one("guesser", "queens", tmp_path, overrides=settings)
        name = f"{row['trial_id']}-{row['evaluation_id']}"
        yield row["trial_id"], pd.read_parquet(tmp_path / "puzzles" / f"{name}.parquet")


def test_show_judges_answers_and_votes_by_the_task(
    guessed: tuple[str, pd.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial, puzzles = guessed
    several = puzzles[puzzles["valid"] & ~puzzles["exact"] & (puzzles["distinct_right"] > 1)]
    puzzle = several.iloc[0]
    base = ["show", trial, f"--results={tmp_path}"]
    assert run_command([*base, "--puzzle", puzzle["puzzle_id"]]) == 0
    text = capsys.readouterr().out
    assert f"{puzzle['candidates_right']} of 8 candidates right" in " ".join(text.split())
    assert text.count(", right") == min(5, puzzle["distinct_right"])
    assert run_command([*base, "--puzzle", puzzle["puzzle_id"], "--steps"]) == 0
    assert "step 1: solved" in capsys.readouterr().out
    assert run_command(base) == 0
    text = capsys.readouterr().out
    assert "Of K candidates per puzzle" in text and "AURC" in text
    assert run_command([*base, "--failures"]) == 0
    text = capsys.readouterr().out
    assert f"{(~puzzles['valid']).sum()} of 20 puzzles not solved" in text
