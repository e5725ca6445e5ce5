"""Trials that run out of memory, or are lost with their process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.trials import maze_trials, stack_of

from trmbench import TrialEvent, record_failure, retry_in_less_memory, with_half_micro_batch
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial


def test_a_trial_that_runs_out_of_memory_goes_on_with_half_the_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.train_step

    def hungry(trainer: Trainer) -> None:
        if trainer.execution.micro_batch is None:
            raise torch.OutOfMemoryError("no room")
        step(trainer)

    monkeypatch.setattr(Trainer, "train_step", hungry)
    events: list[TrialEvent] = []
    [trial] = maze_trials(tmp_path, seeds=1, execution__stack_seeds=False)
    assert run_trial(trial, events.append).status == FINISHED
    notes = [event.message for event in events if event.message]
    assert len(notes) == 1
    assert "out of memory" in notes[0] and "once more with 2 puzzles at a time" in notes[0]


def test_memory_that_never_suffices_is_the_trials_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(trainer: Trainer) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(Trainer, "train_step", hungry)
    events: list[TrialEvent] = []
    [trial] = maze_trials(tmp_path, seeds=1)
    result = run_trial(trial, events.append)
    assert result.status == FAILED
    assert "out of memory: " in str(result.error) and "no room" in str(result.error)
    notes = [event.message or "" for event in events if event.message]
    assert [note.partition("; ")[2] for note in notes] == [
        "once more with 2 puzzles at a time",
        "once more with 1 puzzles at a time",
    ]


def test_a_trained_trial_that_is_short_of_memory_in_its_test_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: object) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr("trmbench.evaluation.answers.RecursiveSolver.predict", hungry)
    events: list[TrialEvent] = []
    [trial] = maze_trials(tmp_path, seeds=1)
    result = run_trial(trial, events.append)
    assert result.status == FAILED and "out of memory: " in str(result.error)
    assert "evaluation.batch_size" in str(result.error)
    assert not [event for event in events if event.message]


def test_an_error_that_only_speaks_of_memory_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(trainer: Trainer) -> None:
        raise ValueError("out of memory: says a plugin")

    monkeypatch.setattr(Trainer, "train_step", wrong)
    events: list[TrialEvent] = []
    [trial] = maze_trials(tmp_path, seeds=1)
    assert run_trial(trial, events.append).status == FAILED
    assert not [event for event in events if event.message]


def test_a_stack_lost_for_want_of_memory_is_tried_one_seed_after_the_other(
    tmp_path: Path,
) -> None:
    notes: list[TrialEvent] = []
    trial = stack_of(maze_trials(tmp_path, seeds=2))
    again = retry_in_less_memory(trial, "out of memory: its worker", notes.append)
    assert [note.message for note in notes] == [
        "out of memory: its worker; once more one seed after the other"
    ]
    result = run_trial(again)
    assert [each.status for each in (result, *result.stacked)] == [FINISHED] * 2
    provenance: list[Any] = [json.loads(row["provenance"]) for row in Store(tmp_path).trials()]
    assert len(provenance) == 2 and not any("stacked_seeds" in told for told in provenance)


def test_a_lost_stack_leaves_the_rows_of_its_finished_seeds(tmp_path: Path) -> None:
    trials = maze_trials(tmp_path)
    run_trial(trials[1])
    result = record_failure(stack_of(trials), "the worker process was ended by SIGKILL")
    results = [result, *result.stacked]
    assert [each.trial_id for each in results] == [trial.trial_id for trial in trials]
    assert [each.status for each in results] == [FAILED, FINISHED, FAILED]
    rows = {row["seed"]: row["status"] for row in Store(tmp_path).trials()}
    assert rows == {0: FAILED, 1: FINISHED, 2: FAILED}


def test_half_the_micro_batch_is_a_valid_setting_where_seeds_were_to_be_stacked(
    tmp_path: Path,
) -> None:
    [trial] = maze_trials(tmp_path, seeds=1)
    assert TrialParts(with_half_micro_batch(trial)).execution.micro_batch == 2
