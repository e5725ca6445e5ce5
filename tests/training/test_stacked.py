"""Stacked seeds learn what separate trials learn, each on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.trainers import maze_trainer

from trmbench.config.compose import compose
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.testing.running import visible_plugin
from trmbench.testing.toy import TOY_MODEL, TOY_TASK
from trmbench.training.loop import Stopped, TrainingRun
from trmbench.training.stacked.loop import train_together
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts

SEEDS = (3, 4, 9)
SMALL = {
    "task.train_puzzles": 40,
    "task.test_puzzles": 8,
    "train.steps": 12,
    "train.batch_size": 8,
    "train.warmup_steps": 2,
    "model.width": 16,
    "train.precision": "float64",  # in float32 the optimisers magnify rounding from step to step
    "execution.log_every": 4,
}
AT_MINI_SIZE = {
    "train.steps": 8,  # from step to step rounding is magnified, on some processors more
    "task.train_puzzles": 400,
    "train.batch_size": 32,
    "model.width": 48,
    "train.precision": "float32",
}
LEARNING_EMBEDDINGS = {"model.puzzle_positions": 2, "model.position_encoding": "learned"}
CELLS = {
    "mlp": ("trm", {"train.optimizer": "adamw"}),
    "attention": ("trm", {"model.mixing": "attention", "model.position_encoding": "rope"}),
    "embeddings": ("trm", {"model.mixing": "attention", **LEARNING_EMBEDDINGS}),
    "continue": ("hrm", {"train.halt_exploration": 0.5}),
    "direct": ("direct", {}),
    "state of rank 4": ("se-rrm", {"model.extra_positions": 1, "model.puzzle_embedding": True}),
    "dropout": ("se-rrm", {"model.dropout": 0.2}),
    "convolution": ("urm", {"model.mixing": "attention", "model.position_encoding": "rope"}),
}


@pytest.fixture
def toy_plugin() -> Iterator[None]:
    with visible_plugin("toy", "trmbench.testing.toy"):
        yield


def trainers(model: str = "trm", **changes: Any) -> list[Trainer]:
    settings: dict[str, Any] = {
        **SMALL,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return [maze_trainer(settings, model, seed) for seed in SEEDS]


def _trainer(cell: Any, seed: int) -> Trainer:
    parts = TrialParts(cell.trial(seed, "unused"))
    return parts.trainer()


def learned(trainer: Trainer) -> dict[str, torch.Tensor]:
    averages = trainer.ema.state_dict()
    return {**trainer.model.state_dict(), **{f"ema.{k}": v for k, v in averages.items()}}


def assert_close(got: list[Trainer], wanted: list[Trainer], rtol: float = 1e-8) -> None:
    for one, other in zip(got, wanted, strict=True):
        expected = learned(other)
        for name, tensor in learned(one).items():
            torch.testing.assert_close(tensor, expected[name], rtol=rtol, atol=rtol / 10, msg=name)
        for point, same in zip(one.curve, other.curve, strict=True):
            for figure in ("loss", "exact_accuracy", "supervision_steps"):
                assert point[figure] == pytest.approx(same[figure], rel=rtol, nan_ok=True)


def run_alone(separate: list[Trainer], folder: Path) -> list[Trainer]:
    for run in stack(separate, folder):
        run.train(lambda: False)
    return separate


def checkpoints(folder: Path, seed: int) -> RunningCheckpoints:
    return RunningCheckpoints(folder / str(seed), print)


def stack(together: list[Trainer], folder: Path) -> list[TrainingRun]:
    return [
        TrainingRun(trainer, lambda **fields: None, checkpoints(folder, seed))
        for seed, trainer in zip(SEEDS, together, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_stacked_seeds_learn_what_they_learn_apart(cell: str, tmp_path: Path) -> None:
    model, settings = CELLS[cell]
    separate = run_alone(trainers(model, **settings), tmp_path)
    together = trainers(model, **settings)
    before = learned(together[0])["answer_head.weight"].clone()
    train_together(stack(together, tmp_path), lambda: False)
    assert_close(together, separate)
    assert not torch.allclose(before, learned(together[0])["answer_head.weight"], rtol=1e-2)
    assert [trainer.stacked_seeds for trainer in together] == [3, 3, 3]


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["mlp", "attention", "continue"])
def test_at_mini_size_float32_agrees_over_the_first_steps(cell: str, tmp_path: Path) -> None:
    model, settings = CELLS[cell]
    separate = run_alone(trainers(model, **settings, **AT_MINI_SIZE), tmp_path)
    together = trainers(model, **settings, **AT_MINI_SIZE)
    train_together(stack(together, tmp_path), lambda: False)
    assert_close(together, separate, rtol=1e-4)


def test_a_model_that_knows_nothing_of_seeds_is_mapped_over_them(
    tmp_path: Path, toy_plugin: None
) -> None:
    settings: dict[str, Any] = {"train.steps": 12, "train.batch_size": 8, "execution.device": "cpu"}
    settings["train.precision"] = "float64"
    cell = compose(TOY_MODEL, TOY_TASK, "mini", from_command=settings)
    separate = run_alone([_trainer(cell, seed) for seed in SEEDS], tmp_path)
    together = [_trainer(cell, seed) for seed in SEEDS]
    train_together(stack(together, tmp_path), lambda: False)
    assert_close(together, separate)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam_atan2", "adamw"])
def test_a_stopped_stack_goes_on_stacked_or_apart(tmp_path: Path, optimizer: str) -> None:
    whole = run_alone(trainers(train__optimizer=optimizer), tmp_path / "whole")
    stopped = stack(trainers(train__optimizer=optimizer), tmp_path)
    with pytest.raises(Stopped):
        train_together(stopped, lambda: stopped[0].trainer.step == 7)
    apart = restored(trainers(train__optimizer=optimizer), tmp_path)
    assert [trainer.step for trainer in apart] == [7, 7, 7]
    assert_close(run_alone(apart, tmp_path / "apart"), whole)
    again = restored(trainers(train__optimizer=optimizer), tmp_path)
    train_together(stack(again, tmp_path), lambda: False)
    assert_close(again, whole)


def restored(fresh: list[Trainer], folder: Path) -> list[Trainer]:
    for seed, trainer in zip(SEEDS, fresh, strict=True):
        saved = checkpoints(folder, seed).load_latest()
        assert saved is not None
        trainer.restore(*saved)
    return fresh


@pytest.mark.slow
def test_trials_begun_apart_go_on_as_a_stack_once_the_last_has_caught_up(tmp_path: Path) -> None:
    whole = run_alone(trainers(), tmp_path / "whole")
    begun = trainers()
    for run, steps in zip(stack(begun, tmp_path), (2, 9, 5), strict=True):
        run.train(lambda: False, steps)
    train_together(stack(begun, tmp_path), lambda: False)
    assert_close(begun, whole)


@pytest.mark.slow
def test_a_seed_whose_loss_is_no_number_leaves_and_the_others_go_on(tmp_path: Path) -> None:
    whole = run_alone(trainers(), tmp_path / "whole")
    seeds = stack(trainers(), tmp_path)
    next(iter(seeds[1].trainer.weights.values())).data.fill_(float("nan"))
    train_together(seeds, lambda: False)
    assert seeds[1].failure is not None and "since training step 1" in seeds[1].failure.message
    survivors = [seeds[0].trainer, seeds[2].trainer]
    assert all(len(trainer.curve) == 3 for trainer in survivors)
    assert_close(survivors, [whole[0], whole[2]])


def test_the_seconds_of_a_stack_are_shared_out(tmp_path: Path) -> None:
    seeds = stack(trainers(), tmp_path)
    train_together(seeds, lambda: False)
    shares = {seed.trainer.seconds for seed in seeds}
    assert len(shares) == 1 and shares.pop() > 0


def test_unstacking_twice_changes_nothing() -> None:
    together = trainers()
    both = StackedTrainer(together)
    both.train_step()
    both.unstack()
    first = {name: tensor.clone() for name, tensor in learned(together[2]).items()}
    both.unstack()
    assert all(torch.equal(tensor, first[name]) for name, tensor in learned(together[2]).items())
