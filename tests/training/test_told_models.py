"""Models that the harness tells of randomness, labels, progress and schedules."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.told import Told

from trmbench import TrmbenchError
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.spec import Trial
from trmbench.store import Store
from trmbench.store.checkpoints import RunningCheckpoints, saved_steps
from trmbench.testing.running import visible_plugin
from trmbench.testing.toy import TOY_TASK
from trmbench.training.loop import Stopped, TrainingRun
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial


@contextmanager
def visible() -> Iterator[None]:
    with visible_plugin("told", "helpers.told"), visible_plugin("toy", "trmbench.testing.toy"):
        yield


@pytest.fixture(autouse=True)
def plugin() -> Iterator[None]:
    with visible():
        Told.heard.clear()
        yield


def trial(seed: int = 0, results: str = "unused", **settings: Any) -> Trial:
    model = registry.models().find("told").spec
    given = {key.replace("__", "."): value for key, value in settings.items()}
    precise = {"train.precision": "float64", "execution.log_every": 4}
    return compose(model, TOY_TASK, "mini", precise, given).trial(seed, results)


def trainer(seed: int = 0, **settings: Any) -> Trainer:
    torch.set_num_threads(1)
    return TrialParts(trial(seed, **settings)).trainer()


def weights_after(steps: int, one: Trainer) -> dict[str, torch.Tensor]:
    for _ in range(steps):
        one.train_step()
    return one.module.state_dict()


def assert_same(got: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    for name, tensor in wanted.items():
        torch.testing.assert_close(got[name], tensor, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("size", [1, 4])
def test_micro_batches_draw_the_same_numbers(size: int) -> None:
    assert_same(weights_after(8, trainer(execution__micro_batch=size)), weights_after(8, trainer()))


def test_stacked_seeds_draw_their_own_numbers() -> None:
    apart = [weights_after(8, trainer(seed)) for seed in (2, 5)]
    stack = StackedTrainer([trainer(seed) for seed in (2, 5)])
    for _ in range(8):
        stack.train_step()
    stack.unstack()
    for one, wanted in zip(stack.trainers, apart, strict=True):
        assert_same(one.module.state_dict(), wanted)
    assert any((apart[0][name] != apart[1][name]).any() for name in apart[0])


def test_an_interrupted_training_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    whole = trainer()
    TrainingRun(whole, lambda **_: None, RunningCheckpoints(tmp_path / "a", print)).train(
        lambda: False
    )
    first, saved = trainer(), RunningCheckpoints(tmp_path / "b", print)
    with pytest.raises(Stopped):
        TrainingRun(first, lambda **_: None, saved).train(lambda: first.step == 3)
    second = trainer()
    found = saved.load_latest()
    assert found is not None
    second.restore(*found)
    TrainingRun(second, lambda **_: None, saved).train(lambda: False)
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(second.module.state_dict()[name], tensor)
    drop = {"seconds"}
    for one, other in zip(second.curve, whole.curve, strict=True):
        assert {k: v for k, v in one.items() if k not in drop} == pytest.approx(
            {k: v for k, v in other.items() if k not in drop}, nan_ok=True
        ) or one["losses"] == other["losses"]


@pytest.mark.slow
def test_a_killed_trial_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    long = {"train__steps": 150, "execution__checkpoint_every": 0}
    whole, killed = (trial(results=str(tmp_path / name), **long) for name in "ab")
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from test_told_models import run_trial, trial, visible\n"
        "with visible():\n"
        f"    run_trial(trial(results=sys.argv[1], **{long}))\n"
    )
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", code, killed.results, str(here), str(here.parent)]
    )
    stores = [Store(each.results).checkpoints(each.trial_id) for each in (whole, killed)]
    while process.poll() is None and max(saved_steps(stores[1]), default=0) < 20:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    for each in (whole, killed):
        assert run_trial(each).status == "finished"
    [row] = Store(killed.results).trials()
    assert row["resumed_from_step"] >= 19, "the one before, where the kill met a writing"
    finals = [(Path(str(folder)) / "final.safetensors").read_bytes() for folder in stores]
    assert finals[0] == finals[1]
    tables = [Store(each.results).read("puzzles", ["answer"]) for each in (whole, killed)]
    assert tables[0] == tables[1]


def test_a_model_hears_of_labels_progress_and_its_schedule_in_training_only(tmp_path: Path) -> None:
    result = run_trial(trial(results=str(tmp_path)))
    assert result.status == "finished", result.error
    [row] = Store(tmp_path).trials()
    assert row["train_flops"] is None, "this model cannot be traced, and is trained all the same"
    at_test = [told for told in Told.heard if not told["training"]]
    training = [told for told in Told.heard if told["training"]][-8:]
    assert [told["progress"] for told in training] == [step / 8 for step in range(8)]
    assert [told["schedule"]["n"] for told in training] == [2] * 4 + [4] * 4
    assert all(told["labels"] for told in training)
    assert at_test and not any(told["labels"] for told in at_test)
    assert {told["progress"] for told in at_test} == {1.0}
    assert {told["schedule"]["n"] for told in at_test} == {4}
    assert [told["number"][0] for told in at_test][:2] == [0, 1]


def test_a_trial_and_its_repetition_give_the_same_answers(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        settings = {"evaluation__batch_size": 32 if folder == "a" else 5}
        assert run_trial(trial(results=str(tmp_path / folder), **settings)).status == "finished"
    tables = [Store(tmp_path / folder).read("puzzles", ["answer"]) for folder in ("a", "b")]
    assert tables[0] == tables[1]


def test_named_losses_are_weighed_and_told_in_the_curve() -> None:
    plain, heavy = trainer(train__loss_weights__size=0.0), trainer(train__loss_weights__size=3.0)
    weights_after(1, plain)
    plain.log()
    told = json.loads(plain.curve[-1]["losses"])["size"]
    weights_after(1, heavy)
    heavy.log()
    assert heavy.curve[-1]["loss"] == pytest.approx(plain.curve[-1]["loss"] + 3 * told)
    assert trial(train__loss_weights__size=3.0).cell_id != trial().cell_id


def test_the_weight_of_a_loss_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'size'"):
        trainer(train__loss_weights__sice=3.0).train_step()
    with pytest.raises(TrmbenchError, match=r"train\.loss_weights\.size=nan is not possible"):
        trial(train__loss_weights__size=math.nan)


def test_models_of_today_are_told_nothing_and_store_no_losses() -> None:
    from helpers.trainers import FEW_SMALL_STEPS, maze_trainer

    one = maze_trainer(FEW_SMALL_STEPS)
    assert one.keys is None
    one.train_step()
    one.log()
    assert "losses" not in one.curve[-1]
