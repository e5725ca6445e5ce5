"""The training loop: deterministic, resumable, honest about divergence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from helpers.trainers import maze_trainer

from trmbench import Batch, TrmbenchError
from trmbench.store import checkpoints as checkpoint
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.streams import Streams
from trmbench.training.data import Batches
from trmbench.training.loop import Stopped, TrainingRun
from trmbench.training.trainer import Trainer

SMALL = {
    "task.train_puzzles": 40,
    "task.test_puzzles": 8,
    "train.steps": 12,
    "train.batch_size": 8,
    "train.warmup_steps": 2,
    "model.width": 16,
    "execution.log_every": 4,
}


def build(model: str = "trm", **changes: Any) -> Trainer:
    settings = {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}
    return maze_trainer(settings, model, seed=3)


def run(trainer: Trainer, folder: Path, stop_at: int | None = None) -> Trainer:
    stop: Callable[[], bool] = lambda: trainer.step == stop_at  # noqa: E731
    TrainingRun(trainer, lambda **fields: None, RunningCheckpoints(folder, print)).train(stop)
    return trainer


def learned(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {
        **trainer.model.state_dict(),
        **{f"ema.{k}": v for k, v in trainer.ema.state_dict().items()},
    }


def without_seconds(curve: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in point.items() if key != "seconds"} for point in curve]


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("model", "optimizer", "settings"),
    [
        ("trm", "adam_atan2", {}),
        ("trm", "adamw", {}),
        ("se-rrm", "adam_atan2", {"model__dropout": 0.2}),  # drawn for every attention
    ],
)
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, model: str, optimizer: str, settings: dict[str, Any]
) -> None:
    settings = {**settings, "train__optimizer": optimizer}
    whole = run(build(model, **settings), tmp_path / "whole")
    with pytest.raises(Stopped):
        run(build(model, **settings), tmp_path / "parts", stop_at=7)
    rest = build(model, **settings)
    saved = RunningCheckpoints(tmp_path / "parts", print).load_latest()
    assert saved is not None
    rest.restore(*saved)
    assert rest.step == 7
    run(rest, tmp_path / "parts")
    assert_equal(learned(whole), learned(rest))
    assert str(without_seconds(whole.curve)) == str(without_seconds(rest.curve))


def test_a_trainer_draws_no_batch_before_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = Batches.__call__

    def counted(self: Batches, step: int) -> Batch:
        drawn.append(step)
        return draw(self, step)

    monkeypatch.setattr(Batches, "__call__", counted)
    trainer = build()
    assert drawn == []
    trainer.train_step()
    trainer.train_step()
    assert drawn == [0, 1]


def test_a_model_that_torch_cannot_train_is_refused_in_one_line() -> None:
    trainer = build()
    with pytest.raises(TrmbenchError, match="SimpleNamespace cannot be trained"):
        Trainer(
            SimpleNamespace(**vars(trainer.model)),  # type: ignore[arg-type]
            trainer.batches,
            12,
            trainer.settings,
            trainer.execution,
            trainer.optimizer.spec,
            Streams(0, trainer.device),
        )


def test_another_seed_learns_something_else(tmp_path: Path) -> None:
    first = run(build(), tmp_path)
    other = build()
    other.batches._streams.seed = 4
    run(other, tmp_path)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(learned(first).values(), learned(other).values(), strict=True)
    )


def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(tmp_path: Path) -> None:
    trainer = build()
    lines: list[str] = []
    checkpoints = RunningCheckpoints(tmp_path, lines.append)
    for _ in range(3):
        trainer.train_step()
        trainer.save(checkpoints)
    checkpoints.wait()
    assert len(list(tmp_path.glob("running-*.safetensors"))) == 2
    newest = tmp_path / "running-000000003.safetensors"
    newest.write_bytes(newest.read_bytes()[:-7])
    saved = checkpoints.load_latest()
    assert saved is not None and saved[1]["step"] == 2
    assert len(lines) == 1 and "running-000000003" in lines[0] and "damaged" in lines[0]


def test_training_goes_on_while_its_checkpoint_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    write = checkpoint.save

    def slow(*arguments: Any) -> None:
        assert may_write.wait(60)
        write(*arguments)

    monkeypatch.setattr(checkpoint, "save", slow)
    trainer, checkpoints = build(), RunningCheckpoints(tmp_path, print)
    trainer.train_step()
    before = {name: weight.clone() for name, weight in learned(trainer).items()}
    trainer.save(checkpoints)
    trainer.train_step()
    may_write.set()
    saved = checkpoints.load_latest()
    assert saved is not None and saved[1]["step"] == 1
    rest = build()
    rest.restore(*saved)
    assert_equal(before, learned(rest))


def test_a_checkpoint_that_cannot_be_written_fails_the_training(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(TrmbenchError, match="cannot write"):
        run(build(execution__checkpoint_every=0), tmp_path / "folder")


def test_a_loss_that_is_no_number_names_the_step_at_which_it_began(tmp_path: Path) -> None:
    trainer = build()
    step = trainer.train_step

    def poisoned() -> None:
        if trainer.step == 5:
            next(iter(trainer.weights.values())).data.fill_(float("nan"))
        step()

    trainer.train_step = poisoned  # type: ignore[method-assign]
    with pytest.raises(TrmbenchError, match="since training step 6"):
        run(trainer, tmp_path)


def test_the_loss_falls(tmp_path: Path) -> None:
    trainer = run(build(train__steps=60), tmp_path)
    assert trainer.curve[-1]["answer_loss"] < 0.7 * trainer.curve[0]["answer_loss"]


def test_each_epoch_holds_every_puzzle_once() -> None:
    batches = build().batches
    rows = torch.cat([batches(step).rows for step in range(10)])
    assert sorted(rows[:40].tolist()) == list(range(40))
    assert sorted(rows[40:].tolist()) == list(range(40))
    assert rows[:40].tolist() != rows[40:].tolist()


def test_a_batch_is_the_same_whenever_it_is_asked_for() -> None:
    batches = build().batches
    first = batches(70)
    batches(3)
    assert all(torch.equal(a, b) for a, b in zip(first, batches(70), strict=True))


def test_bfloat16_carries_the_state_and_keeps_float32_weights(tmp_path: Path) -> None:
    trainer = run(build(train__precision="bfloat16"), tmp_path)
    assert trainer.slots is not None and trainer.slots.state[0].dtype == torch.bfloat16
    assert {weight.dtype for weight in trainer.weights.values()} == {torch.float32}
    assert trainer.curve[-1]["loss"] > 0
