"""The cost of training and of answers, in the rows of trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.trials import SMALL

from trmbench.testing.running import run_one

TINY = {key: value for key, value in SMALL.items() if not key.startswith("model.")}


def row_of(model: str, folder: Path, **changes: Any) -> dict[str, Any]:
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return run_one(model, "maze", folder, overrides={**TINY, **settings})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("costs")


def test_an_answer_costs_its_steps_and_its_votes(results: Path) -> None:
    once, voted = row_of("trm", results), row_of("trm", results, evaluation__votes=3)
    assert once["flops_per_answer"] == 4 * once["flops_per_step"]
    assert voted["flops_per_answer"] == 3 * once["flops_per_answer"]
    assert (once["depth"], once["candidates"], once["attempts"]) == (4, 1, 1)
    assert once["train_presentations"] == 6 * 4


def test_an_early_exit_costs_the_steps_that_were_done(results: Path) -> None:
    row = row_of("trm", results, evaluation__early_exit=1)
    steps = json.loads(row["totals"])["supervision_steps"]
    assert row["flops_per_answer"] == pytest.approx(steps * row["flops_per_step"])
    by_depth = {point["depth"]: point["flops"] for point in row["by_depth"]}
    assert by_depth[4] == row["flops_per_answer"] <= by_depth[8] <= 8 * row["flops_per_step"]


def test_a_search_costs_the_steps_of_all_of_its_candidates(results: Path) -> None:
    base, search = row_of("trm", results), row_of("ptrm", results, model__rollouts=3)
    assert search["flops_per_answer"] == pytest.approx(3 * base["flops_per_answer"], rel=0.01)
    assert search["candidates"] == 3 and search["depth"] == base["depth"]
    assert search["train_flops"] == base["train_flops"] > 0


def test_the_same_puzzles_have_the_same_hash_and_others_another(results: Path) -> None:
    rows = [row_of("trm", results), row_of("direct", results)]
    assert rows[0]["test_ids"] == rows[1]["test_ids"]
    assert row_of("trm", results, evaluation__limit=3)["test_ids"] != rows[0]["test_ids"]
