"""Models with a training loop of their own: trained, stopped, killed, resumed, refused."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.selftaught import SPEC, Options

from trmbench.config.compose import compose
from trmbench.spec import Preset, Trial, TrialEvent
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.store import Store
from trmbench.store.checkpoints import RunningCheckpoints, load, saved_steps
from trmbench.testing.conform import check_model
from trmbench.testing.running import visible_plugin
from trmbench.testing.toy import TOY_MODEL, TOY_TASK
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial
from trmbench.trial.self_training import TrainingSession


@contextmanager
def visible() -> Iterator[None]:
    with (
        visible_plugin("selftaught", "helpers.selftaught"),
        visible_plugin("toy", "trmbench.testing.toy"),
    ):
        yield


@pytest.fixture(autouse=True)
def plugin() -> Iterator[None]:
    with (
        visible_plugin("selftaught", "helpers.selftaught"),
        visible_plugin("toy", "trmbench.testing.toy"),
    ):
        yield


def trial(results: Path, **settings: object) -> Trial:
    given = {key.replace("__", "."): value for key, value in settings.items()}
    given |= {"execution.device": "cpu", "execution.checkpoint_every": 0}
    return compose(SPEC, TOY_TASK, "mini", from_command=given).trial(0, str(results))


def final(asked: Trial) -> bytes:
    folder = Store(asked.results).checkpoints(asked.trial_id)
    return (Path(str(folder)) / "final.safetensors").read_bytes()


def test_its_row_and_curve_are_as_for_everybody(tmp_path: Path) -> None:
    asked = trial(tmp_path)
    assert run_trial(asked).status == FINISHED
    [row] = Store(tmp_path).trials()
    assert row["train_steps"] == 12
    assert row["parameters"] == final_numbers(asked)
    assert row["train_flops"] == 1200
    assert row["cell_accuracy"] > 0.5
    curve = Store(tmp_path).read("curves").to_pylist()
    assert [point["step"] for point in curve] == list(range(1, 13))
    assert json.loads(curve[-1]["losses"]) == {"seen": 96.0}


def final_numbers(asked: Trial) -> int:
    tensors, _ = load(Store(asked.results).checkpoints(asked.trial_id), "final")
    return tensors["raw/counts"].numel()


def test_it_goes_on_where_it_stopped_and_ends_the_same(tmp_path: Path) -> None:
    whole, parted = trial(tmp_path / "one"), trial(tmp_path / "two")
    run_trial(whole)
    asked = iter(range(100))
    assert run_trial(parted, should_stop=lambda: next(asked) > 6).status == INTERRUPTED
    folder = Store(parted.results).checkpoints(parted.trial_id)
    assert 0 < max(saved_steps(folder)) < 12
    assert run_trial(parted).status == FINISHED
    assert final(whole) == final(parted)
    [row] = Store(parted.results).trials()
    assert row["resumed_from_step"] > 0
    assert len(Store(parted.results).read("curves")) == 12
    assert saved_steps(folder) == []


@pytest.mark.slow
def test_killed_it_goes_on_from_its_checkpoint_and_ends_the_same(tmp_path: Path) -> None:
    whole, killed = (
        trial(tmp_path / "one", train__steps=400),
        trial(tmp_path / "two", train__steps=400),
    )
    run_trial(whole)
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from test_self_training import run_trial, trial, visible\n"
        "with visible():\n"
        "    run_trial(trial(Path(sys.argv[1]), train__steps=400))\n"
    )
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", code, killed.results, str(here), str(here.parent)], env=os.environ
    )
    folder = Store(killed.results).checkpoints(killed.trial_id)
    while process.poll() is None and max(saved_steps(folder), default=0) < 20:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert run_trial(killed).status == FINISHED
    [row] = Store(killed.results).trials()
    assert 0 < row["resumed_from_step"] < 400
    assert final(whole) == final(killed)


def test_testing_once_more_does_not_train(tmp_path: Path) -> None:
    asked = trial(tmp_path)
    run_trial(asked)
    before = final(asked)
    other = replace(asked, evaluation_id="0123456789ab")
    assert run_trial(other, should_stop=lambda: True).status == FINISHED
    assert final(asked) == before


def test_what_is_not_stored_is_not_tested(tmp_path: Path) -> None:
    asked = trial(tmp_path, model__broken="keeps back")
    run_trial(asked)
    [row] = Store(tmp_path).trials()
    kept = Store(tmp_path).read("puzzles", ["halt_probability"]).to_pylist()
    sound = trial(tmp_path / "sound")
    run_trial(sound)
    others = Store(sound.results).read("puzzles", ["halt_probability"]).to_pylist()
    assert kept != others
    assert row["status"] == FINISHED


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("raises", "no convergence"),
        ("nan", "'counts' of its state is not finite"),
        ("counts back", "the number of its training step is -1, after 0"),
    ],
)
def test_a_failure_is_a_row_with_one_line(tmp_path: Path, broken: str, words: str) -> None:
    result = run_trial(trial(tmp_path, model__broken=broken))
    assert result.status == FAILED
    [row] = Store(tmp_path).trials()
    assert words in row["error"] and "\n" not in row["error"]


def test_stacked_seeds_train_themselves_one_by_one(tmp_path: Path) -> None:
    asked = replace(trial(tmp_path, execution__stack_seeds=True), stacked=(1,))
    result = run_trial(asked)
    assert [result.status, *(each.status for each in result.stacked)] == [FINISHED, FINISHED]
    assert {row["train_steps"] for row in Store(tmp_path).trials()} == {12}


def notes(asked: Trial, stop: Callable[[], bool] = lambda: False) -> list[str]:
    said: list[TrialEvent] = []
    run_trial(asked, said.append, stop)
    return [event.message for event in said if event.message]


def test_what_an_interruption_costs_is_said(tmp_path: Path) -> None:
    without = trial(tmp_path / "without", model__broken="no checkpoint")
    [said] = notes(without, lambda: True)
    assert said == "it offered no checkpoint, so its training will begin again"
    asked, forgetful = iter(range(100)), trial(tmp_path / "f", model__broken="forgets")
    assert notes(forgetful, lambda: next(asked) > 6) == []
    [said] = notes(forgetful)
    assert said == "it began its training again: it does not ask for its checkpoint"


def test_asked_to_stop_at_its_last_step_it_is_finished(tmp_path: Path) -> None:
    asked = iter(range(100))
    result = run_trial(trial(tmp_path), should_stop=lambda: next(asked) >= 22)
    assert result.status == FINISHED


def test_a_time_limit_that_was_not_kept_is_said(tmp_path: Path) -> None:
    late = trial(tmp_path, train__seconds=0.1, train__steps=12, model__broken="slow")
    [said] = notes(late)
    assert re.fullmatch(r"it trained for 1 s longer than train.seconds allows", said)


def test_only_a_model_that_trains_itself_has_a_time_limit(tmp_path: Path) -> None:
    given = {"train.seconds": 5.0, "execution.device": "cpu"}
    result = run_trial(compose(TOY_MODEL, TOY_TASK, "mini", from_command=given).trial(0, tmp_path))
    assert "train.seconds=5 is for models that train themselves" in (result.error or "")


def test_a_model_with_half_of_the_protocol_is_not_silently_untrained(tmp_path: Path) -> None:
    assert notes(trial(tmp_path, model__broken="half")) == [
        "it is tested as it was built: it has fit, but not all of SelfTraining"
    ]


def session(tmp_path: Path, **settings: object) -> TrainingSession:
    running = RunningCheckpoints(tmp_path / "0123456789ab", lambda line: None)
    parts = TrialParts(trial(tmp_path, **settings))
    return TrainingSession(parts, running, lambda **event: None, lambda: False)


def test_the_parts_of_a_state_come_back_in_their_order(tmp_path: Path) -> None:
    names = [f"part {number * 7 % 10}" for number in range(10)]
    begun = session(tmp_path)
    begun.checkpoint(3, {name: torch.full((2,), float(place)) for place, name in enumerate(names)})
    begun._running.wait()
    found = session(tmp_path).restore()
    assert found is not None and found[0] == 3
    assert [(name, int(part[0])) for name, part in found[1].items()] == [
        (name, place) for place, name in enumerate(names)
    ]


def test_time_is_what_the_setting_allows(tmp_path: Path) -> None:
    assert session(tmp_path).deadline is None
    limited = session(tmp_path, train__seconds=60.0).deadline
    assert limited is not None and 50 < limited - time.monotonic() <= 60


def test_a_sound_one_conforms() -> None:
    assert [found for found in check_model(SPEC, skip={"listing"}) if found.problem] == []


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        ("unseeded", "trains"),
        ("raises", "trains"),
        ("nan", "trains"),
        ("forgets", "resumes"),
        ("shows again", "resumes"),
        ("never ends", "ends"),
        ("half", "protocol"),
        ("keeps back", "state-round-trips"),
    ],
)
def test_the_kit_names_a_broken_promise(broken: str, check: str) -> None:
    spec = replace(
        SPEC,
        presets={"mini": Preset(options={"broken": broken}, train={"steps": 12})},
        options=Options,
    )
    found = check_model(spec, skip={"listing"})
    assert [each.check for each in found if each.problem] == [check]
