"""Trials of the same weights, or on the same base, are pairs; others never are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell

from trmbench.comparison.compare import Question, compare_cells
from trmbench.comparison.differences import Difference
from trmbench.spec.trials import Trial
from trmbench.stats import compare
from trmbench.store import Store

GENERATOR = np.random.default_rng(0)
LEVELS = GENERATOR.normal(0.6, 0.07, (5, 1))
LUCK = GENERATOR.random((5, 400))
BASE, MORE = LUCK < LEVELS, LUCK < LEVELS + 0.03


def only(root: Path, **question: Any) -> Difference:
    (difference,) = compare_cells(Store(root), Question(**question)).differences
    return difference


def record_bases(root: Path, trials: list[Trial], bases: list[str]) -> None:
    """Have the rows of trials tell what they were built upon."""
    store = Store(root)
    for trial, base in zip(trials, bases, strict=True):
        (row,) = store.trials([trial.name])
        provenance = {**json.loads(row["provenance"]), "base": {"trial_id": base}}
        store.write_trial(trial, {**row, "provenance": json.dumps(provenance)})


def test_two_tests_of_the_same_weights_are_pairs(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", BASE, steps=4)
    add_cell(tmp_path, "trm", MORE, steps=16, evaluation={"steps": 16})
    found = only(tmp_path)
    assert not found.obstacles
    assert found.comparison is not None and found.comparison.paired
    names = ("trm", "trm (steps=16)")
    assert found.comparison == compare(BASE, MORE, paired=True, names=names)
    assert found.verdict == "worse"
    assert "paired by seed" in found.explanation
    assert only(tmp_path, paired="never").verdict == "undecided"


def test_a_model_and_its_recorded_base_are_pairs(tmp_path: Path) -> None:
    bases = add_cell(tmp_path, "trm", BASE)
    built = add_cell(tmp_path, "ptrm", MORE)
    record_bases(tmp_path, built, [trial.trial_id for trial in bases])
    found = only(tmp_path)
    assert found.comparison is not None and found.comparison.paired


def test_a_model_that_names_its_base_was_built_on_the_trial_of_its_seed(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", BASE)
    add_cell(tmp_path, "ptrm", MORE, overrides={"model.base": "trm"})
    assert only(tmp_path).verdict == "worse"
    add_cell(tmp_path / "other", "trm", BASE, overrides={"train.steps": 9})
    add_cell(tmp_path / "other", "ptrm", MORE, overrides={"model.base": "trm"})
    found = only(tmp_path / "other").comparison
    assert found is not None and not found.paired  # another training of trm


def test_equal_seeds_of_two_models_are_strangers_unless_asked_for(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", BASE)
    add_cell(tmp_path, "hrm", MORE)
    strangers = only(tmp_path).comparison
    assert strangers == compare(BASE, MORE, names=("trm", "hrm"))
    together = only(tmp_path, paired="always").comparison
    assert together == compare(BASE, MORE, paired=True, names=("trm", "hrm"))


def test_seeds_without_a_partner_are_left_out(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", BASE)
    add_cell(tmp_path, "trm", MORE[:4], evaluation={"weights": "raw"})
    found = only(tmp_path).comparison
    assert found is not None
    assert found.estimate == compare(BASE[:4], MORE[:4], paired=True).estimate
    assert "1 seed of trm has no partner" in only(tmp_path).explanation


@pytest.mark.parametrize("force", [False, True])
def test_draws_of_one_network_are_no_trainings(tmp_path: Path, force: bool) -> None:
    add_cell(tmp_path, "hrm", BASE)
    built = add_cell(tmp_path, "ptrm", MORE)
    record_bases(tmp_path, built, ["0123456789abcdef"] * 5)
    found = only(tmp_path, force=force)
    assert "the 5 seeds of ptrm are draws of one trained network" in found.explanation
    assert found.forced == force
