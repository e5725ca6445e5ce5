"""What a trial is expected to cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.trials import maze_trials

import trmbench
from trmbench.bench import estimate
from trmbench.bench.matmul import measure_elsewhere
from trmbench.bench.subject import subject
from trmbench.errors import TrmbenchError
from trmbench.experiment.plan import Plan


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("model", ["trm", "hrm", "direct"])
def test_a_try_and_a_trace_find_the_same_memory(
    model: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = subject(model, "maze", "mini", {"train.precision": precision}, {})

    def memory(small: int) -> Any:
        monkeypatch.setattr("trmbench.trial.memory.SMALL_FLOPS", small)
        return estimate.estimate_trial(found.parts, matmul_rate=1e10).memory_bytes

    assert memory(small=10**9) == pytest.approx(memory(small=0), rel=0.01)


def test_time_follows_from_the_operations_and_the_rate() -> None:
    found = subject("trm", "maze", "mini", {"train.steps": 50, "train.batch_size": 4}, {})
    cost = estimate.estimate_trial(found.parts, matmul_rate=1e10)
    share = estimate.USUAL_SHARE_OF_MATMUL_RATE
    assert cost.seconds == pytest.approx(50 * cost.flops_per_step / (1e10 * share))
    twice = subject("trm", "maze", "mini", {"train.steps": 50, "train.batch_size": 8}, {})
    cost_of_twice = estimate.estimate_trial(twice.parts, matmul_rate=1e10)
    assert cost_of_twice.flops_per_step == 2 * cost.flops_per_step


def test_an_estimate_leaves_the_gpu_to_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here torch has no CUDA at all: whatever used the device would raise."""
    monkeypatch.setattr("trmbench.trial.build.choose_device", lambda wanted: torch.device("cuda"))
    monkeypatch.setattr(estimate, "measure_elsewhere", lambda *_: 1e14)
    [trial] = maze_trials(tmp_path, seeds=1)
    [found] = estimate.estimate_cells(Plan([], [trial], []))
    assert found.device == "cuda" and found.problem is None
    assert found.cost is not None and found.cost.memory_bytes > 0


@pytest.mark.slow
def test_products_are_measured_in_a_process_of_their_own() -> None:
    assert measure_elsewhere(torch.device("cpu"), torch.float32, 1) > 1e8
    with pytest.raises(TrmbenchError, match="products on xla could not be measured: .+"):
        measure_elsewhere(torch.device("xla"), torch.float32, 1)


def test_quick_steps_are_timed_whatever_the_rate_of_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rate of products a thousand times too low, as on a busy machine, does no harm."""
    trials = maze_trials(tmp_path, 1)
    told = []
    for rate in (1e10, 1e7):
        monkeypatch.setattr(estimate, "measure_matmul_rate", lambda *_, rate=rate: rate)
        [found] = estimate.estimate_cells(Plan([], trials, []))
        told.append(found.seconds)
    assert told[1] == pytest.approx(told[0], rel=0.7)


@pytest.mark.slow
def test_the_parent_of_a_run_holds_no_cuda_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent believes that there is a GPU; its workers, which see none, train on the CPU."""

    made: list[object] = []

    def refuse(*_: Any, **__: Any) -> None:
        made.append("a CUDA context")
        raise RuntimeError("this process would make a CUDA context")

    monkeypatch.setattr(torch.cuda, "_lazy_init", refuse)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr("trmbench.trial.build.choose_device", lambda wanted: torch.device("cuda"))
    monkeypatch.setattr(estimate, "measure_elsewhere", lambda *_: 1e14)
    monkeypatch.setattr("trmbench.runners.local.has_cuda", lambda: True)
    given = {"train.steps": 2, "train.batch_size": 4, "model.width": 16, "evaluation.limit": 4}
    rows = trmbench.run(
        "trm", "maze", preset="mini", settings=given, results=tmp_path, progress=True
    )
    assert list(rows["status"]) == ["finished"] and not made
