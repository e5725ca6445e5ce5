"""Two processes that share every batch learn what one process learns."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
import torch.distributed as dist

from trmbench import Trial, TrialResult, TrmbenchError, run_shared_trial, run_trial
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.store import Store, checkpoints as checkpoint
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.final import load_final
from trmbench.testing.running import visible_plugin
from trmbench.training.trainer import Trainer
from trmbench.training.workers import LONGEST_WAIT, DistributedWorkers, OneWorker

pytestmark = pytest.mark.slow
STEPS = 40
FIRST_STEPS = 15
"""Steps after which float32 still agrees, whichever processor adds up."""
SETTINGS = {
    "task.identifiers": 7,
    "model.width": 16,
    "train.steps": STEPS,
    "train.batch_size": 16,
    "train.warmup_steps": 1,
    "train.precision": "float64",
    "train.puzzle_learning_rate": 1e-2,
    "train.halt_exploration": 0.5,
    "evaluation.limit": 8,
    "execution.device": "cpu",
    "execution.log_every": 1,
}
WITH_EMBEDDING = {
    "trm": {"model.puzzle_positions": 1},
    "hrm": {"model.puzzle_positions": 1},
    "se-rrm": {"model.puzzle_embedding": True},
    "eqr": {"model.puzzle_positions": 1},
}
Both = Callable[..., list[Any]]


def make_trial(results: Path, model: str = "trm", **settings: Any) -> Trial:
    specs = registry.models().find(model).spec, registry.tasks().find("toy-mirror").spec
    changes = {key.replace("__", "."): value for key, value in settings.items()}
    return compose(*specs, "mini", from_command=SETTINGS | WITH_EMBEDDING[model] | changes).trial(
        0, str(results)
    )


def join(rank: int, folder: str) -> int:
    """In a worker: become one of two."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/group", rank=rank, world_size=2)
    return rank


def train(trial: Trial, stop_after: int | None = None) -> TrialResult | None:
    """In a worker: take part in a trial, and be asked to stop after so many steps."""
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == stop_after

    return run_shared_trial(trial, lambda event: None, should_stop)


def train_where_one_fails(trial: Trial, failing_rank: int) -> tuple[TrialResult | None, list[int]]:
    """In a worker: the same, but one worker lacks memory at step 3 unless it takes less."""
    sizes = []
    whole = Trainer.train_step

    def short_of_memory(self: Trainer) -> None:
        sizes.append(self.execution.micro_batch or 0)
        if dist.get_rank() == failing_rank and self.step == 3 and not sizes[-1]:
            raise torch.OutOfMemoryError("no memory left here")
        whole(self)

    with patch.object(Trainer, "train_step", short_of_memory):
        return train(trial), sorted(set(sizes))


def train_where_one_fails_late(trial: Trial, failing_rank: int) -> tuple[Any, float]:
    """In a worker: one worker fails once, when the others wait for its tensors already."""
    whole, left = DistributedWorkers.sum_, [3]

    def fails_before(self: DistributedWorkers, tensors: Iterable[torch.Tensor]) -> None:
        left[0] -= 1
        if self.rank == failing_rank and left[0] == 0:
            raise torch.OutOfMemoryError("no memory left here")
        whole(self, tensors)

    started = time.monotonic()
    with (
        patch.object(DistributedWorkers, "sum_", fails_before),
        patch("trmbench.training.workers.LONGEST_WAIT", timedelta(seconds=3)),
    ):
        return train(trial), time.monotonic() - started


def train_on_a_full_disk(trial: Trial) -> TrialResult | None:
    """In a worker: the same, where no checkpoint can be written."""
    with patch.object(RunningCheckpoints, "save", side_effect=TrmbenchError("no space left")):
        return train(trial)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Calls a function in two processes at once, which form a group; returns what each returns.

    Whatever is called is a collective operation: no process can take both calls.
    """
    folder = str(tmp_path_factory.mktemp("group"))
    spawn = multiprocessing.get_context("spawn")
    with (
        visible_plugin("toy", "trmbench.testing.toy"),
        ProcessPoolExecutor(2, mp_context=spawn) as pool,
    ):

        def call(*tasks: Callable[[], Any]) -> list[Any]:
            futures: list[Future[Any]] = [pool.submit(task) for task in tasks]
            return [future.result(timeout=240) for future in futures]

        call(partial(join, 0, folder), partial(join, 1, folder))
        yield lambda function, *arguments: call(*[partial(function, *arguments)] * 2)


@pytest.fixture(scope="module")
def single(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of one process."""
    results = tmp_path_factory.mktemp("single")
    assert run_trial(make_trial(results)).status == "finished"
    return results


def leaders(results: list[TrialResult | None]) -> TrialResult:
    """The one result; the other worker has none."""
    [result] = [result for result in results if result is not None]
    assert len(results) == 2
    return result


def weights(results: Path) -> dict[str, torch.Tensor]:
    final = load_final(Store(results).checkpoints(make_trial(results).trial_id))
    averages = {f"average of {name}": tensor for name, tensor in final.averages.items()}
    return {**final.raw, **averages}


def assert_same_learning(one: Path, other: Path) -> None:
    """Losses, weights and puzzle embeddings within 1e-6, and the same answers."""
    first, second = (Store(each).read("curves").to_pydict() for each in (one, other))
    assert len(first["loss"]) == STEPS
    for figure in ("loss", "answer_loss", "halt_loss", "supervision_steps"):
        assert second[figure] == pytest.approx(first[figure], abs=1e-6, nan_ok=True)
    expected, got = weights(one), weights(other)
    embedding = next(name for name in expected if "puzzle" in name)
    assert expected[embedding].abs().amax(1).count_nonzero() == SETTINGS["task.identifiers"]
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor, rtol=0, atol=1e-6, msg=name)
    answers = [Store(each).read("puzzles")["answer"] for each in (one, other)]
    assert answers[0].equals(answers[1])


def test_two_processes_learn_what_one_learns(both: Both, single: Path, tmp_path: Path) -> None:
    assert leaders(both(train, make_trial(tmp_path))).status == "finished"
    assert_same_learning(single, tmp_path)


def test_in_single_precision_they_agree_over_the_first_steps_of_the_papers_schedule(
    both: Both, tmp_path: Path
) -> None:
    """Later, halting and the signs of gradients amplify the last bits, as between two machines."""
    schedule = {"train__precision": "float32", "train__steps": 20_000, "train__warmup_steps": 2_000}
    saved = []
    for name in ("one", "two"):
        trial = make_trial(tmp_path / name, **schedule, train__learning_rate=1e-4)
        asked = iter(range(FIRST_STEPS))
        if name == "two":
            both(train, trial, FIRST_STEPS)
        else:
            run_trial(trial, should_stop=lambda asked=asked: next(asked) == FIRST_STEPS - 1)
        folder = Store(trial.results).checkpoints(trial.trial_id)
        saved.append(checkpoint.load(folder, f"running-{FIRST_STEPS:09d}"))
    (tensors, values), (other_tensors, other_values) = saved
    losses, others = ([point["loss"] for point in v["curve"]] for v in (values, other_values))
    assert len(losses) == FIRST_STEPS and others == pytest.approx(losses, abs=1e-4)
    assert any("puzzle" in name for name in tensors) and tensors.keys() == other_tensors.keys()
    for name, tensor in tensors.items():
        if name.startswith(("model/", "ema/", "batch/", "slots/")):
            differs = (other_tensors[name].double() - tensor.double()).abs() > 1e-4
            # The sign of a gradient near zero is decided by its last bits.
            tolerated = 0.03 if "puzzle.weight" in name else 0.0
            assert differs.double().mean() <= tolerated, name


def test_a_trial_changes_hands_between_one_process_and_two(
    both: Both, single: Path, tmp_path: Path
) -> None:
    trial = make_trial(tmp_path)
    assert leaders(both(train, trial, 20)).status == "interrupted"
    asked = iter(range(10))
    assert run_trial(trial, should_stop=lambda: next(asked) == 9).status == "interrupted"
    assert leaders(both(train, trial)).status == "finished"
    [row] = Store(tmp_path).trials()
    assert row["resumed_from_step"] == 30
    assert_same_learning(single, tmp_path)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("hrm", {"train__clip": 0.1}),  # a continue head
        ("se-rrm", {"model__dropout": 0.2}),  # a state of rank 4, masks drawn for all workers
        ("eqr", {"model__noise": 0.1, "train__optimizer": "muon"}),  # a drawn state, and noise
    ],
)
def test_models_of_other_kinds_learn_the_same(
    both: Both, tmp_path: Path, model: str, settings: dict[str, Any]
) -> None:
    losses = []
    for name in ("one", "two"):
        trial = make_trial(tmp_path / name, model, train__steps=10, **settings)
        result = run_trial(trial) if name == "one" else leaders(both(train, trial))
        assert result.status == "finished", result.error
        curve = Store(trial.results).read("curves")
        norms = curve["gradient_norm"].to_pylist() if "train__clip" in settings else []
        losses.append(curve["loss"].to_pylist() + norms)
    assert losses[1] == pytest.approx(losses[0], abs=1e-6)


@pytest.mark.parametrize("rank", [0, 1])
def test_both_take_less_where_one_lacks_memory(
    both: Both, single: Path, tmp_path: Path, rank: int
) -> None:
    (one, its_sizes), (other, other_sizes) = both(train_where_one_fails, make_trial(tmp_path), rank)
    assert leaders([one, other]).status == "finished"
    assert its_sizes == other_sizes == [0, SETTINGS["train.batch_size"] // 4]
    assert_same_learning(single, tmp_path)


@pytest.mark.parametrize("rank", [0, 1])
def test_nobody_waits_long_for_the_tensors_of_one_that_failed(
    both: Both, tmp_path: Path, rank: int
) -> None:
    trial = make_trial(tmp_path, train__steps=5)
    (one, its_seconds), (other, seconds) = both(train_where_one_fails_late, trial, rank)
    result = leaders([one, other])
    assert result.status == "finished", result.error  # in half the micro-batch: memory was short
    assert 3 <= max(its_seconds, seconds) < 40 < LONGEST_WAIT.total_seconds() < 60
    [row] = Store(tmp_path).trials()
    assert json.loads(row["config"])["execution"]["micro_batch"] == 4


def test_a_loss_that_is_no_number_ends_it_everywhere(both: Both, tmp_path: Path) -> None:
    result = leaders(
        both(train, make_trial(tmp_path, train__learning_rate=10, train__weight_decay=1000))
    )
    assert result.status == "failed" and "the loss is not a number" in (result.error or "")


def test_a_batch_that_cannot_be_shared_is_refused(both: Both, tmp_path: Path) -> None:
    result = leaders(both(train, make_trial(tmp_path, train__batch_size=15)))
    assert result.status == "failed"
    assert "a batch of 15 puzzles cannot be shared by 2 workers" in (result.error or "")


def test_a_full_disk_at_the_leader_ends_it_everywhere(both: Both, tmp_path: Path) -> None:
    trial = make_trial(tmp_path, execution__checkpoint_every=0.0)
    result = leaders(both(train_on_a_full_disk, trial))
    assert result.status == "failed" and result.error == "no space left"


def test_one_process_shares_with_nobody() -> None:
    alone = OneWorker()
    tensor = torch.ones(3)
    alone.sum_([tensor])
    assert alone.gather(tensor) is tensor and tensor.tolist() == [1, 1, 1]
    assert alone.share(5) == slice(0, 5) and alone.highest(2) == 2
    error = TrmbenchError("it failed")
    assert alone.first_failure(error) is error
