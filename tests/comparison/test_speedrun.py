"""Records in training time: the rules, each of which can be broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli
from scipy import stats

from trmbench.cli.main import run_command
from trmbench.comparison.speedrun import attempts, find_track
from trmbench.errors import TrmbenchError
from trmbench.stats import CellMoments, exceeds
from trmbench.stats.claims import p_at_most
from trmbench.store import Store

TRACK = find_track("maze-mini")
GOOD = bernoulli(10, 200, 0.9)


def test_a_cell_that_keeps_every_rule_is_a_record_by_its_time(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", GOOD)
    add_cell(tmp_path, "fast", GOOD, row={"train_seconds": 7.0})
    first, second = attempts(Store(tmp_path), TRACK)
    assert (first.cell.name, first.seconds, first.is_record) == ("fast", 7.0, True)
    assert (second.cell.name, second.seconds) == ("trm", 60.0 + np.mean(range(10)))


@pytest.mark.parametrize(
    ("rule", "scores", "more"),
    [
        ("mean above", bernoulli(10, 200, 0.78), {}),
        ("seeds 0 to 9", GOOD[:9], {}),
        ("seeds 0 to 9", np.vstack([GOOD[:9], np.full((1, 200), np.nan)]), {}),
        ("the data of the preset", GOOD, {"overrides": {"task.train_puzzles": 4000}}),
        ("the whole test set", GOOD, {"evaluation": {"votes": 8}}),
        ("trained in one go", GOOD, {"row": {"resumed_from_step": 5}}),
        ("one kind of cpu", GOOD, {"row": {"device": "cuda (A GPU)"}}),
        ("a training that took time", GOOD, {"row": {"train_seconds": None}}),
    ],
)
def test_each_rule_can_be_broken(
    rule: str, scores: np.ndarray, more: dict[str, Any], tmp_path: Path
) -> None:
    add_cell(tmp_path, "trm", scores, **more)
    [found] = attempts(Store(tmp_path), TRACK)
    broken = [check.rule for check in found.checks if not check.holds]
    assert len(broken) == 1 and broken[0].startswith(rule)


def test_further_seeds_do_not_count(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", np.vstack([bernoulli(10, 200, 0.78), bernoulli(40, 200, 0.99)]))
    [found] = attempts(Store(tmp_path), TRACK)
    assert not found.is_record


def test_the_command_prints_the_rules_and_who_breaks_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["speedrun"]) == 0
    said = capsys.readouterr().out
    assert "p < 0.01" in said and "sudoku-mini" in said
    add_cell(tmp_path, "trm", GOOD[:4])
    assert run_command(["speedrun", "maze-mini", f"--results={tmp_path}"]) == 1
    assert "not seeds 0 to 9, every one finished (missing: 4, 5, 6, 7, 8, 9)" in (
        capsys.readouterr().out
    )
    assert run_command(["speedrun", "mase-mini", f"--results={tmp_path}"]) == 2
    assert "did you mean" in capsys.readouterr().err
    with pytest.raises(TrmbenchError, match="no finished trial of sudoku"):
        attempts(Store(tmp_path), find_track("sudoku"))


def test_the_p_value_is_that_of_a_one_sided_t_test() -> None:
    def p(means: np.ndarray, target: float) -> float:
        return p_at_most(CellMoments(means, np.full(200, means.mean()), 0.1), target)

    means = np.array([0.82, 0.85, 0.84, 0.83])
    error = means.std(ddof=1) / 2
    assert p(means, means.mean() - 4.540703 * error) == pytest.approx(0.01, abs=1e-6)
    assert p(means, 0.9) > 0.99
    assert p(means[:1], 0.1) == 1.0


def test_equal_seeds_are_no_certainty(tmp_path: Path) -> None:
    apart = np.eye(10, 200, dtype=bool) | (np.arange(200) >= 36)  # each solves 165 of 200
    alike = np.broadcast_to(np.arange(200) >= 36, (10, 200))  # each solves the same 164
    for name, scores in (("apart", apart), ("alike", alike)):
        add_cell(tmp_path, name, scores)
    measured = {each.cell.name: each for each in attempts(Store(tmp_path), TRACK)}
    assert measured["apart"].is_record and not measured["alike"].is_record
    found = {name: each.cell.moments for name, each in measured.items()}
    assert found["apart"].seed_variance == found["alike"].seed_variance == 0
    assert 0 < p_at_most(found["apart"], 0.80) < 0.01 < p_at_most(found["apart"], 0.825)
    by_puzzles = stats.binomtest(164, 200, 0.80, alternative="greater").pvalue
    assert p_at_most(found["alike"], 0.80) == pytest.approx(by_puzzles)
    low = exceeds(found["alike"], 0.80).low
    assert p_at_most(found["alike"], low) == pytest.approx(0.01)
