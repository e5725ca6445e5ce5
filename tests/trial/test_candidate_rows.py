"""Candidates, abstentions and votes of whole trials, as their rows tell them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trmbench.comparison.compare import Question, compare_cells
from trmbench.stats import pass_at
from trmbench.store import Store
from trmbench.testing import run_one
from trmbench.testing.running import visible_plugin

SMALL = {"task.size": 6, "task.min_hidden": 3, "task.max_hidden": 5, "task.train_puzzles": 4}
DATA = {**SMALL, "task.test_puzzles": 10, "execution.device": "cpu"}


@pytest.fixture(autouse=True)
def guesser() -> Iterator[None]:
    with visible_plugin("guesser", "helpers.guesser"):
        yield


def guessed(folder: Path, **changes: Any) -> tuple[dict[str, Any], pd.DataFrame]:
    """The row of a trial and those of its puzzles."""
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    row = run_one("guesser", "queens", folder, overrides={**DATA, **settings})
    name = f"{row['trial_id']}-{row['evaluation_id']}"
    return row, pd.read_parquet(folder / "puzzles" / f"{name}.parquet")


def test_the_rows_of_puzzles_tell_of_their_candidates(tmp_path: Path) -> None:
    row, puzzles = guessed(tmp_path)
    assert (puzzles["candidates"] == 6).all() and row["candidates"] == 6
    assert (puzzles["cost"] == 60.0).all() and row["flops_per_answer"] == 60.0
    assert puzzles["abstained"].isna().all()
    right = puzzles["candidates_right"]
    assert (puzzles["times_found"].map(sum) == right).all() and right.between(1, 5).any()
    assert (puzzles["times_found"].map(len) == puzzles["distinct_right"]).all()
    assert (puzzles["distinct_right"] <= puzzles["solutions"]).all()
    assert (puzzles["right_by_score"].map(sum) == right).all()
    assert (puzzles["right_by_score"].map(lambda ranked: ranked[0]) == puzzles["valid"]).all()
    mixed = right.between(1, 5)
    assert puzzles["candidate_auc"].notna().eq(mixed).all()
    assert json.loads(row["totals"])["oracle_pass@6"] == (right > 0).mean()


def test_puzzles_that_a_model_passes_count_as_not_solved(tmp_path: Path) -> None:
    row, puzzles = guessed(tmp_path, model__passes=True)
    assert puzzles["abstained"].tolist() == [True, False] * 5
    assert not puzzles["valid"][puzzles["abstained"]].any()
    assert row["score"] == row["valid_accuracy"] == puzzles["valid"].mean() > 0
    assert (puzzles["candidates_right"][puzzles["abstained"]] > 0).any()


@pytest.mark.parametrize("votes", [1, 4])
def test_what_the_rows_tell_is_compared(votes: int, tmp_path: Path) -> None:
    row, puzzles = guessed(tmp_path, evaluation__votes=votes)
    expected = {
        "pass@K": (puzzles["candidates_right"] > 0).mean(),
        "pass@2": pass_at(puzzles["candidates"], puzzles["candidates_right"], 2).mean(),
        "selected@K": puzzles["valid"].mean(),
        "mode@K": puzzles["mode_right"].mean(),
        "coverage@K": (puzzles["distinct_right"] / puzzles["solutions"]).mean(),
    }
    for metric, value in expected.items():
        (cell,) = compare_cells(Store(tmp_path), Question(metric=metric)).cells
        assert cell.interval.mean == pytest.approx(value)


def test_votes_are_candidates_too(tmp_path: Path) -> None:
    row, puzzles = guessed(tmp_path, evaluation__votes=4)
    assert (puzzles["candidates"] == 4).all() and (puzzles["cost"] == 240.0).all()
    assert row["flops_per_answer"] == 240.0
    votes = Store(tmp_path).read("votes").to_pandas()
    distinct = votes[votes["correct"]].groupby("puzzle_id").size()
    told = puzzles.set_index("puzzle_id")["distinct_right"]
    assert distinct.to_dict() == told[told > 0].to_dict()
    assert puzzles["candidate_auc"].notna().any()


def test_answers_scored_again_keep_their_candidates(tmp_path: Path) -> None:
    row, puzzles = guessed(tmp_path, model__passes=True)
    stored = {"evaluation__answers": row["evaluation_id"]}
    again, rescored = guessed(tmp_path, model__passes=True, **stored)
    assert again["evaluation_id"] != row["evaluation_id"]
    same = [name for name in puzzles if name not in ("evaluation_id", "cost")]
    pd.testing.assert_frame_equal(rescored[same], puzzles[same])
    assert np.isnan(rescored["cost"].astype(float)).all()
