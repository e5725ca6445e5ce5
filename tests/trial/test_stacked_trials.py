"""`--stack-seeds` from the command to the rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.trials import maze_trials, stack_of

from trmbench import TrmbenchError
from trmbench.config.cell import apart
from trmbench.experiment.execute import execute
from trmbench.runners.local import LocalRunner
from trmbench.spec import Trial, TrialEvent, TrialResult
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.store import Store
from trmbench.trial.run import run_trial


@pytest.fixture(autouse=True)
def _one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test processes share the machine."""
    monkeypatch.setattr("trmbench.trial.stack.available_cores", lambda: 1)


def rows(folder: Path) -> dict[int, dict[str, Any]]:
    return {row["seed"]: row for row in Store(folder).trials()}


def test_every_seed_has_its_rows_and_they_say_that_it_was_stacked(tmp_path: Path) -> None:
    members = maze_trials(tmp_path)
    result = run_trial(stack_of(members))
    outcomes = [result, *result.stacked]
    assert [(each.trial_id, each.status) for each in outcomes] == [
        (member.trial_id, FINISHED) for member in members
    ]
    found = rows(tmp_path)
    assert len({row["exact_accuracy"] is not None for row in found.values()}) == 1
    assert [json.loads(found[seed]["provenance"])["stacked_seeds"] for seed in range(3)] == [3] * 3
    assert set(Store(tmp_path).read("curves", ["trial_id"])["trial_id"].to_pylist()) == {
        member.trial_id for member in members
    }


def test_a_trial_alone_says_nothing_of_stacking(tmp_path: Path) -> None:
    run_trial(maze_trials(tmp_path, seeds=1)[0])
    assert "stacked_seeds" not in json.loads(rows(tmp_path)[0]["provenance"])


def test_a_finished_seed_is_left_as_it_is(tmp_path: Path) -> None:
    members = maze_trials(tmp_path)
    run_trial(members[1])
    before = rows(tmp_path)[1]["finished_at"]
    result = run_trial(stack_of(members))
    assert [each.status for each in (result, *result.stacked)] == [FINISHED] * 3
    found = rows(tmp_path)
    assert found[1]["finished_at"] == before
    assert json.loads(found[0]["provenance"])["stacked_seeds"] == 2


@pytest.mark.slow
def test_a_stopped_stack_goes_on_as_separate_trials(tmp_path: Path) -> None:
    members = maze_trials(tmp_path)
    asked = iter([False] * 6 + [True] * 99)
    stopped = run_trial(stack_of(members), should_stop=lambda: next(asked))
    assert {each.status for each in (stopped, *stopped.stacked)} == {INTERRUPTED}
    steps = [path.stem for path in sorted(tmp_path.glob("checkpoints/*/running-*.json"))]
    assert len(steps) == 3 and len(set(steps)) == 1
    for member in members:
        assert run_trial(member).status == FINISHED
    resumed = {row["resumed_from_step"] for row in rows(tmp_path).values()}
    assert resumed == {int(steps[0].removeprefix("running-"))}
    assert json.loads(rows(tmp_path)[2]["provenance"])["stacked_seeds"] == 3


def test_a_seed_whose_loss_is_no_number_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trmbench.trial.train import TrialRun

    begin = TrialRun.begin_training

    def poisoned(run: TrialRun) -> Any:
        trainer = begin(run)
        if run.trial.seed == 1:
            next(iter(trainer.weights.values())).data.fill_(float("nan"))
        return trainer

    monkeypatch.setattr(TrialRun, "begin_training", poisoned)
    run_trial(stack_of(maze_trials(tmp_path)))
    found = rows(tmp_path)
    assert [found[seed]["status"] for seed in range(3)] == [FINISHED, FAILED, FINISHED]
    assert "since training step 1" in found[1]["error"]


@pytest.mark.slow
def test_seeds_that_do_not_fit_together_are_trained_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*arguments: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("trmbench.trial.stack.train_together", too_much)
    events: list[TrialEvent] = []
    run_trial(stack_of(maze_trials(tmp_path)), events.append)
    found = rows(tmp_path)
    assert {row["status"] for row in found.values()} == {FINISHED}
    assert "stacked_seeds" not in json.loads(found[0]["provenance"])
    assert sum("without the other seeds" in (event.message or "") for event in events) == 3


@pytest.mark.slow
def test_a_runner_gets_the_seeds_of_a_cell_as_one_unit(tmp_path: Path) -> None:
    wanted = [*maze_trials(tmp_path), *maze_trials(tmp_path, seeds=2, model__width=24)]
    runner = LocalRunner(wanted[0].config["execution"])
    results = list(execute(wanted, runner, lambda event: None))
    assert {result.trial_id for result in results} == {trial.trial_id for trial in wanted}
    assert {result.status for result in results} == {FINISHED}
    stacked = [json.loads(row["provenance"])["stacked_seeds"] for row in Store(tmp_path).trials()]
    assert sorted(stacked) == [2, 2, 3, 3, 3]


def test_only_trials_that_differ_in_nothing_but_their_seed_are_stacked(tmp_path: Path) -> None:
    one, two, three = maze_trials(tmp_path)
    relabelled = replace(two, cell_label="another row of a study")
    handed: list[Trial] = []

    class Watched:
        def run(self, trials: Iterable[Trial], on_event: Any) -> Iterator[TrialResult]:
            for trial in trials:
                handed.append(trial)
                yield from (TrialResult(each.trial_id, FINISHED) for each in apart(trial))

    list(execute([one, relabelled, three], Watched(), lambda event: None))
    assert handed == [replace(one, stacked=(2,)), relabelled]
    assert apart(handed[0]) == [one, three]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"execution__micro_batch": 2}, "micro-batches"),
        ({"execution__activation_checkpointing": True}, "activation checkpointing"),
    ],
)
def test_what_excludes_stacking_is_told(
    tmp_path: Path, setting: dict[str, Any], words: str
) -> None:
    with pytest.raises(TrmbenchError, match=words):
        maze_trials(tmp_path, **setting)
