"""A trial is tested at several depths in one pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.trials import maze_trials

from trmbench.cli.main import run_command
from trmbench.comparison.scores import ScoreReader
from trmbench.config.cell import evaluation_hash
from trmbench.experiment.plan import reevaluation
from trmbench.spec import Trial
from trmbench.spec.settings import EvaluationSettings
from trmbench.store import Store
from trmbench.trial.run import run_trial

ANSWERED = ("score", "exact", "valid", "cell_accuracy", "halt_probability", "answer")


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Trial]:
    """A store with a trained TRM of four supervision steps, and the trial."""
    store = Store(tmp_path_factory.mktemp("depths"))
    [trial] = maze_trials(Path(store.address), 1, task__test_puzzles=30, task__min_path_length=2)
    assert run_trial(trial).error is None
    return store, trial


def evaluated(store: Store, trial: Trial, **changes: Any) -> tuple[dict[str, Any], str]:
    again = reevaluation(store, trial.trial_id, changes)
    assert run_trial(again, again=True).error is None
    [row] = store.trials([again.name])
    return row, again.name


def test_the_curve_goes_to_four_times_the_depth_of_training_at_mini(
    tested: tuple[Store, Trial],
) -> None:
    store, trial = tested
    [row] = store.trials([trial.name])
    points = row["by_depth"]
    assert [point["depth"] for point in points] == [1, 2, 4, 8, 16]
    assert [point["flops"] for point in points] == [
        point["depth"] * row["flops_per_step"] for point in points
    ]
    headline = next(point for point in points if point["depth"] == row["depth"] == 4)
    for name in ("score", "exact_accuracy", "valid_accuracy", "cell_accuracy"):
        assert headline[name] == row[name]


def test_a_point_is_what_a_test_at_that_depth_finds(tested: tuple[Store, Trial]) -> None:
    store, trial = tested
    [row] = store.trials([trial.name])
    columns = ["puzzle_id", *ANSWERED]
    final = store.read("puzzles", columns, [trial.name]).to_pylist()
    changed = store.read("depths", ["depth", *columns], [trial.name]).to_pylist()
    assert {each["depth"] for each in changed} == {1, 2, 8, 16}
    for point in row["by_depth"]:
        depth = point["depth"]
        apart, name = evaluated(store, trial, steps=depth, depth=1)
        for figure in ("score", "exact_accuracy", "valid_accuracy", "cell_accuracy"):
            assert apart[figure] == point[figure]
        assert apart["flops_per_answer"] == point["flops"]
        there = {each["puzzle_id"]: each for each in changed if each["depth"] == depth}
        for mine, theirs in zip(
            final, store.read("puzzles", columns, [name]).to_pylist(), strict=True
        ):
            found = there.get(mine["puzzle_id"], mine)
            assert found["answer"] == theirs["answer"]
            assert (mine["answer"] != theirs["answer"]) == (mine["puzzle_id"] in there)
            if mine["puzzle_id"] in there:
                assert all(found[column] == theirs[column] for column in ANSWERED)


def test_a_longer_curve_leaves_the_answers_that_count_as_they_were(
    tested: tuple[Store, Trial],
) -> None:
    store, trial = tested
    before = store.read("puzzles", names=[trial.name])
    row, name = evaluated(store, trial, depth=40)
    assert name == trial.name
    assert [point["depth"] for point in row["by_depth"]] == [1, 2, 4, 8, 16, 32, 40]
    assert store.read("puzzles", names=[name]).equals(before)


def test_without_other_answers_the_file_of_an_earlier_curve_is_gone(
    tested: tuple[Store, Trial],
) -> None:
    store, trial = tested
    _, name = evaluated(store, trial, steps=1, depth=8)
    assert len(store.read("depths", names=[name]))
    row, name = evaluated(store, trial, steps=1, depth=1, votes=2)
    assert row["by_depth"] is None and not len(store.read("depths", names=[name]))


def test_several_trials_are_tested_again_each_once(
    tested: tuple[Store, Trial], capsys: pytest.CaptureFixture[str]
) -> None:
    store, trial = tested
    start, where = trial.trial_id[:6], f"--results={store.address}"
    assert run_command(["evaluate", start, start, "--depth=64", where]) == 0
    assert store.trials([trial.name])[0]["by_depth"][-1]["depth"] == 64
    assert run_command(["evaluate", "--where=evaluation.steps = none", "--depth=32", where]) == 0
    assert store.trials([trial.name])[0]["by_depth"][-1]["depth"] == 32
    assert run_command(["evaluate", "--where=model = hrm", where]) == 2
    assert run_command(["evaluate", where]) == 2
    assert "needs to know which trials" in capsys.readouterr().err


def test_a_test_that_fails_leaves_the_row_of_the_one_that_did_not(
    tested: tuple[Store, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any) -> None:
        raise RuntimeError("the scorer is broken")

    store, trial = tested
    before = store.trials([trial.name])
    monkeypatch.setattr("trmbench.trial.evaluate.score", fails)
    again = reevaluation(store, trial.trial_id, {"depth": 8})
    assert "the scorer is broken" in str(run_trial(again, again=True).error)
    assert store.trials([trial.name]) == before


def test_scores_at_a_depth_are_those_of_a_test_there_or_missing(
    tested: tuple[Store, Trial],
) -> None:
    store, trial = tested
    [row], (apart, _) = store.trials([trial.name]), evaluated(store, trial, steps=2)
    for metric in ("cell_accuracy", "valid_accuracy", "score"):
        reader = ScoreReader(store, metric)
        there, own = reader.read([row], depth=2), reader.read([apart])
        assert not there.left_out and np.array_equal(there.scores, own.scores)
    kept = store.read("depths", names=[trial.name]).to_pydict()
    store.remove("depths", trial.name)
    [line] = ScoreReader(store, "cell_accuracy").read([row], depth=2).left_out
    assert "does not fit its row" in line
    store.write("depths", trial.name, {**kept, "row": kept["row"][::-1]})
    [line] = ScoreReader(store, "cell_accuracy").read([row], depth=2).left_out
    assert "after 2 supervision steps are missing or damaged" in line
    store.write("depths", trial.name, kept)


def test_the_depth_of_the_curve_is_in_no_hash() -> None:
    usual = vars(EvaluationSettings())
    without = {key: value for key, value in usual.items() if key != "depth"}
    assert evaluation_hash({**usual, "depth": 64}) == evaluation_hash(without)


def test_a_run_that_asks_for_a_longer_curve_tests_the_final_weights_again(tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path, 1, task__test_puzzles=30)
    deeper = replace(
        trial, config={**trial.config, "evaluation": {**trial.config["evaluation"], "depth": 32}}
    )
    assert run_trial(trial).error is None
    store = Store(tmp_path)
    [before] = store.trials([trial.name])
    assert store.done([trial]) == {trial.name} and not store.done([deeper])
    assert run_trial(deeper).error is None
    [after] = store.trials([trial.name])
    assert max(point["depth"] for point in after["by_depth"]) == 32
    assert after["train_seconds"] == before["train_seconds"] and after["score"] == before["score"]
    assert store.done([deeper]) == {trial.name}
