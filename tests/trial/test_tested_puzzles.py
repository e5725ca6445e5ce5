"""Which puzzles a trial is tested on."""

from __future__ import annotations

from pathlib import Path

from helpers.trials import maze_trials

from trmbench.experiment.plan import reevaluation
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial


def test_a_trial_can_be_tested_on_the_puzzles_that_were_held_out(tmp_path: Path) -> None:
    held_out = {"task__validation": 5, "evaluation__split": "validation"}
    [trial] = maze_trials(tmp_path, 1, **held_out)
    run_trial(trial)
    [row] = Store(tmp_path).trials()
    assert (row["status"], row["test_puzzles"]) == (FINISHED, 5)
    tested = Store(tmp_path).read("puzzles", ["puzzle_id"])["puzzle_id"].to_pylist()
    assert tested == TrialParts(trial).task.split("validation").puzzle_ids.tolist()
    assert row["validation_accuracy"] == row["score"]
    on_test = reevaluation(Store(tmp_path), trial.trial_id, {"split": "test"})
    assert on_test.trial_id == trial.trial_id and on_test.evaluation_id != trial.evaluation_id


def test_a_split_without_puzzles_is_refused_before_the_training(tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path, 1, evaluation__split="validation")
    result = run_trial(trial)
    assert result.status == FAILED and "has no such puzzles (hold some out" in str(result.error)
    assert Store(tmp_path).trials()[0]["train_steps"] is None


def test_votes_on_another_split_are_refused_before_the_training(tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path, 1, evaluation__split="train", evaluation__votes=4)
    assert "no votes on the train split" in str(run_trial(trial).error)
    assert Store(tmp_path).trials()[0]["train_steps"] is None


def test_testing_again_starts_from_the_evaluation_that_the_trial_was_run_with(
    tmp_path: Path,
) -> None:
    [trial] = maze_trials(tmp_path, 1, evaluation__split="train")
    run_trial(trial)
    store = Store(tmp_path)
    on_test = reevaluation(store, trial.trial_id, {"split": "test", "steps": 2})
    assert run_trial(on_test, again=True).error is None
    raw = reevaluation(store, trial.trial_id, {"weights": "raw"})
    assert raw.config["evaluation"] == {**trial.config["evaluation"], "weights": "raw"}
    assert reevaluation(store, trial.trial_id, {}).evaluation_id == trial.evaluation_id
